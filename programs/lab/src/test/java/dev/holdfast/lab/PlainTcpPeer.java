package dev.holdfast.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import jdk.net.ExtendedSocketOptions;

/**
 * A program that runs inside a namespace: {@code server HOST PORT} echoes; {@code client HOST PORT
 * KEEPALIVE_SECONDS} connects, and for each line of its input sends a byte and says what became of
 * it; the line says for how many milliseconds it waits for the answer.
 */
public final class PlainTcpPeer {
  private static final int CONNECT_MILLIS = 20_000;
  private static final int MAX_CONNECTIONS = 100;

  private PlainTcpPeer() {}

  public static void main(String[] args) throws IOException {
    InetSocketAddress address = new InetSocketAddress(args[1], Integer.parseInt(args[2]));
    if (args[0].equals("server")) {
      serve(address);
    } else {
      ask(address, Integer.parseInt(args[3]));
    }
  }

  private static void serve(InetSocketAddress address) throws IOException {
    try (ServerSocket server = new ServerSocket()) {
      server.bind(address);
      System.out.println("ready");
      for (int i = 0; i < MAX_CONNECTIONS; i++) {
        Socket accepted = server.accept();
        Thread echo = new Thread(() -> echo(accepted));
        echo.setDaemon(true);
        echo.start();
      }
    }
  }

  private static void echo(Socket accepted) {
    try (accepted) {
      accepted.getInputStream().transferTo(accepted.getOutputStream());
    } catch (IOException e) {
      System.out.println("server " + e.getMessage());
    }
  }

  private static void ask(InetSocketAddress address, int keepaliveSeconds) throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (Socket socket = new Socket()) {
      if (keepaliveSeconds > 0) {
        socket.setKeepAlive(true);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, keepaliveSeconds);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, keepaliveSeconds);
      }
      socket.connect(address, CONNECT_MILLIS);
      System.out.println("ready");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        socket.setSoTimeout(Integer.parseInt(line));
        System.out.println(exchange(socket));
      }
    }
  }

  private static String exchange(Socket socket) throws IOException {
    try {
      socket.getOutputStream().write(1);
      return socket.getInputStream().read() == 1 ? "alive" : "closed";
    } catch (SocketTimeoutException e) {
      return "silent";
    } catch (SocketException e) {
      return "reset";
    }
  }
}
