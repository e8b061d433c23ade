package dev.holdfast.grpc;

import dev.holdfast.core.annotation.Limit;
import io.grpc.Server;
import java.io.IOException;
import java.time.Duration;

/** A plain server that tells its resumable streams before its GOAWAY that it stops. */
final class StreamingServer extends ForwardingServer {
  @Limit(
      of = "time that streams of a plain server have to settle when it stops",
      then = "messages that came and were not begun are their clients' again")
  private static final Duration GRACE = Duration.ofSeconds(10);

  private final HoldfastServerHooks self;

  StreamingServer(Server delegate, HoldfastServerHooks self) {
    super(delegate);
    this.self = self;
  }

  @Override
  public StreamingServer start() throws IOException {
    delegate().start();
    self.listensAt(getPort());
    return this;
  }

  @Override
  public StreamingServer shutdown() {
    self.drain().begin(GRACE);
    delegate().shutdown();
    return this;
  }

  @Override
  public StreamingServer shutdownNow() {
    self.drain().begin(Duration.ZERO);
    delegate().shutdownNow();
    return this;
  }
}
