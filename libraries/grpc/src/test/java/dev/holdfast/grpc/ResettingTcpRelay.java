package dev.holdfast.grpc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A TCP relay before a server whose connections can be reset, as the kernel of a machine resets
 * those of a killed process.
 */
final class ResettingTcpRelay implements AutoCloseable {
  private final ServerSocket serverSocket;
  private final int target;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  ResettingTcpRelay(int target) throws IOException {
    this.target = target;
    this.serverSocket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  int port() {
    return serverSocket.getLocalPort();
  }

  /** Resets all connections and takes no new ones. */
  void cut() throws IOException {
    serverSocket.close();
    for (Socket socket : sockets) {
      if (!socket.isClosed()) {
        socket.setSoLinger(true, 0);
        socket.close();
      }
    }
  }

  @Override
  public void close() throws IOException {
    cut();
  }

  private void accept() {
    while (!serverSocket.isClosed()) {
      try {
        Socket from = serverSocket.accept();
        Socket to = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.addAll(List.of(from, to));
        start(() -> pump(from, to));
        start(() -> pump(to, from));
      } catch (IOException e) {
        if (!serverSocket.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private static void pump(Socket from, Socket to) {
    try (InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      in.transferTo(out);
    } catch (IOException e) {
      // Either end was closed, which is what this wire is for; try closed the other.
      return;
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "wire");
    thread.setDaemon(true);
    thread.start();
  }
}
