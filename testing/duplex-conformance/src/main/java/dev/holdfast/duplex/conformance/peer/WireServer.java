package dev.holdfast.duplex.conformance.peer;

import dev.holdfast.lab.TcpRelay;
import io.grpc.Server;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server whose calls a scenario answers by hand, behind a relay that cuts and stalls.
 * Thread-safe.
 */
public final class WireServer implements AutoCloseable {
  private final BlockingQueue<WireServerCall> calls = new LinkedBlockingQueue<>();
  private final Server server;
  private final TcpRelay relay;

  private WireServer(int port) throws IOException {
    server =
        ByteCalls.serve(
            port,
            (call, headers) -> {
              WireServerCall accepted = new WireServerCall(call, headers);
              calls.add(accepted);
              return accepted.listener();
            });
    relay = TcpRelay.toPort(server.getPort());
  }

  /** Starts a server on a free port. */
  public static WireServer start() throws IOException {
    return new WireServer(0);
  }

  /** Starts a server on a port. */
  public static WireServer start(int port) throws IOException {
    return new WireServer(port);
  }

  /** The address of the relay, for clients. */
  public String address() {
    return "127.0.0.1:" + relay.port();
  }

  /** The port of the server itself. */
  public int port() {
    return server.getPort();
  }

  /** The relay on the way to this server. */
  public TcpRelay relay() {
    return relay;
  }

  /**
   * The next call.
   *
   * @throws AssertionError when none comes in time
   */
  public WireServerCall accept() throws InterruptedException {
    return accept(PeerEvents.PATIENCE);
  }

  /** As {@link #accept()}, with a patience of its own. */
  public WireServerCall accept(Duration patience) throws InterruptedException {
    WireServerCall call = poll(patience);
    if (call == null) {
      throw new AssertionError("no call within " + patience.toMillis() + " ms");
    }
    return call;
  }

  /** The next call, or null when none comes in time. */
  public @Nullable WireServerCall poll(Duration patience) throws InterruptedException {
    return calls.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    relay.close();
    server.shutdownNow();
  }
}
