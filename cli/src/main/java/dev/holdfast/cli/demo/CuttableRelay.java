package dev.holdfast.cli.demo;

import dev.holdfast.core.HostPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port on loopback that leads to another address, until it is cut.
 *
 * <p>A cut closes every connection and refuses new ones; mending listens on the same port again.
 * Two threads per connection are enough for the few connections that a registry has. Thread-safe.
 */
final class CuttableRelay implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CuttableRelay.class);
  private static final int BUFFER_BYTES = 16 * 1024;
  private static final int CONNECT_MILLIS = 3_000;
  private static final int MAX_CONNECTIONS = 256;

  private final HostPort target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final int port;
  private @Nullable ServerSocket listening;

  private CuttableRelay(HostPort target, ServerSocket listening) {
    this.target = target;
    this.listening = listening;
    this.port = listening.getLocalPort();
    acceptOn(listening);
  }

  /** Opens a port that leads to the target; nothing is connected yet. */
  static CuttableRelay to(HostPort target) throws IOException {
    return new CuttableRelay(target, listen(0));
  }

  /** Where it listens. */
  HostPort address() {
    return new HostPort("127.0.0.1", port);
  }

  /** Ends every connection and refuses new ones. */
  synchronized void cut() throws IOException {
    if (listening != null) {
      listening.close();
      listening = null;
    }
    sockets.forEach(CuttableRelay::closeQuietly);
  }

  /** Takes connections again. */
  synchronized void mend() throws IOException {
    if (listening == null) {
      ServerSocket again = listen(port);
      listening = again;
      acceptOn(again);
    }
  }

  @Override
  public void close() throws IOException {
    cut();
  }

  private static ServerSocket listen(int port) throws IOException {
    ServerSocket socket = new ServerSocket();
    // Connections of before the cut may still be in TIME_WAIT.
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
    return socket;
  }

  private void acceptOn(ServerSocket server) {
    daemon(
        "demo-relay-" + port,
        () -> {
          while (!server.isClosed()) {
            try {
              serve(server, server.accept());
            } catch (IOException e) {
              log.debug("event=relay_accept_ended port={}", port, e);
            }
          }
        });
  }

  private void serve(ServerSocket server, Socket client) {
    sockets.add(client);
    // Looked at after the socket is in the set: a cut either sees it there or is seen here.
    if (server.isClosed() || sockets.size() > 2 * MAX_CONNECTIONS) {
      drop(client);
      return;
    }
    daemon(
        "demo-relay-up-" + port,
        () -> {
          Socket upstream = new Socket();
          try {
            upstream.setTcpNoDelay(true);
            client.setTcpNoDelay(true);
            upstream.connect(new InetSocketAddress(target.host(), target.port()), CONNECT_MILLIS);
            sockets.add(upstream);
            if (server.isClosed()) {
              throw new IOException("cut while connecting");
            }
            daemon("demo-relay-down-" + port, () -> pump(upstream, client));
            pump(client, upstream);
          } catch (IOException e) {
            log.debug("event=relay_connect_failed target={}", target, e);
            drop(client);
            drop(upstream);
          }
        });
  }

  private void pump(Socket from, Socket to) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
      }
    } catch (IOException e) {
      log.debug("event=relay_connection_ended port={}", port, e);
    }
    // etcd's clients never close one direction only.
    drop(from);
    drop(to);
  }

  private void drop(Socket socket) {
    sockets.remove(socket);
    closeQuietly(socket);
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      log.debug("event=relay_close_failed", e);
    }
  }

  private static void daemon(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }
}
