package dev.holdfast.grpc;

import dev.holdfast.core.Limit;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A plain server that tells its resumable streams before its GOAWAY that it stops. */
final class StreamingServer extends Server {
  @Limit(
      of = "time that streams of a plain server have to settle when it stops",
      then = "messages that came and were not begun are their clients' again")
  private static final Duration GRACE = Duration.ofSeconds(10);

  private final Server delegate;
  private final OwnServer self;

  StreamingServer(Server delegate, OwnServer self) {
    this.delegate = delegate;
    this.self = self;
  }

  @Override
  public StreamingServer start() throws IOException {
    delegate.start();
    self.listensAt(delegate.getPort());
    return this;
  }

  @Override
  public StreamingServer shutdown() {
    self.drain().begin(GRACE);
    delegate.shutdown();
    return this;
  }

  @Override
  public StreamingServer shutdownNow() {
    self.drain().begin(Duration.ZERO);
    delegate.shutdownNow();
    return this;
  }

  @Override
  public boolean isShutdown() {
    return delegate.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return delegate.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return delegate.awaitTermination(timeout, unit);
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    delegate.awaitTermination();
  }

  @Override
  public int getPort() {
    return delegate.getPort();
  }

  @Override
  public List<? extends SocketAddress> getListenSockets() {
    return delegate.getListenSockets();
  }

  @Override
  public List<ServerServiceDefinition> getServices() {
    return delegate.getServices();
  }

  @Override
  public List<ServerServiceDefinition> getImmutableServices() {
    return delegate.getImmutableServices();
  }

  @Override
  public List<ServerServiceDefinition> getMutableServices() {
    return delegate.getMutableServices();
  }
}
