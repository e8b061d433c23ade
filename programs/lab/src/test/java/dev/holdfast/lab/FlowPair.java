package dev.holdfast.lab;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Both ends of a connection through a middlebox, as plain blocking sockets. */
final class FlowPair implements Closeable {
  static final int LIMIT_MILLIS = 20_000;

  final Socket client;
  final Socket server;

  private FlowPair(Socket client, Socket server) {
    this.client = client;
    this.server = server;
  }

  static FlowPair through(InetSocketAddress middlebox, ServerSocket target) throws IOException {
    Socket client = new Socket();
    client.connect(middlebox, LIMIT_MILLIS);
    target.setSoTimeout(LIMIT_MILLIS);
    Socket server = target.accept();
    client.setSoTimeout(LIMIT_MILLIS);
    server.setSoTimeout(LIMIT_MILLIS);
    return new FlowPair(client, server);
  }

  void clientSays(String text) throws IOException {
    client.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  void serverSays(String text) throws IOException {
    server.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  String clientHears(int bytes) throws IOException {
    return new String(read(client, bytes), StandardCharsets.UTF_8);
  }

  String serverHears(int bytes) throws IOException {
    return new String(read(server, bytes), StandardCharsets.UTF_8);
  }

  static byte[] read(Socket from, int bytes) throws IOException {
    byte[] read = new byte[bytes];
    new DataInputStream(from.getInputStream()).readFully(read);
    return read;
  }

  @Override
  public void close() throws IOException {
    client.close();
    server.close();
  }
}
