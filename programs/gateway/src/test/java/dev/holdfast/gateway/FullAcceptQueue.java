package dev.holdfast.gateway;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A Unix socket before another one, whose accept queue is full until {@link #accept} is called: the
 * kernel refuses a connect with EAGAIN. Afterwards each connection is copied to the other socket.
 */
final class FullAcceptQueue implements AutoCloseable {
  private final Path path;
  private final Path target;
  private final ServerSocketChannel socket;
  private final List<SocketChannel> queued = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private FullAcceptQueue(Path path, Path target) throws IOException {
    this.path = path;
    this.target = target;
    this.socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    int backlog = 1;
    var unused = socket.bind(UnixDomainSocketAddress.of(path), backlog);
    // The kernel takes one more than the backlog.
    for (int i = 0; i <= backlog; i++) {
      queued.add(SocketChannel.open(UnixDomainSocketAddress.of(path)));
    }
  }

  /** Binds a path, whose connections will be those of the target. */
  static FullAcceptQueue before(Path target, Path path) throws IOException {
    return new FullAcceptQueue(path, target);
  }

  Path path() {
    return path;
  }

  /** Takes those that fill the queue out of it, and serves all that follow. */
  void accept() throws IOException {
    for (SocketChannel each : queued) {
      each.close();
      socket.accept().close();
    }
    threads.execute(this::serve);
  }

  private void serve() {
    try {
      while (true) {
        SocketChannel client = socket.accept();
        SocketChannel server = SocketChannel.open(UnixDomainSocketAddress.of(target));
        threads.execute(() -> copy(client, server));
        threads.execute(() -> copy(server, client));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private static void copy(SocketChannel from, SocketChannel to) {
    ByteBuffer bytes = ByteBuffer.allocate(8_192);
    try (from;
        to) {
      while (from.read(bytes.clear()) >= 0) {
        bytes.flip();
        while (bytes.hasRemaining()) {
          var unused = to.write(bytes);
        }
      }
    } catch (IOException e) {
      // One of the two is closed, and so is the other.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
    threads.shutdownNow();
    for (SocketChannel each : queued) {
      each.close();
    }
  }
}
