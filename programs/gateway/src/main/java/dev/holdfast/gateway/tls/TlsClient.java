package dev.holdfast.gateway.tls;

import dev.holdfast.core.Subscription;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * TLS for connections to endpoints. New connections use the files that were read last. Thread-safe.
 * The receiver closes it.
 */
public final class TlsClient implements AutoCloseable {
  private final ReloadableTlsContext live;
  private final Optional<String> serverName;
  private final Executor work;
  private final Subscription use;

  TlsClient(
      ReloadableTlsContext live, Optional<String> serverName, Executor work, Subscription use) {
    this.live = live;
    this.serverName = serverName;
    this.work = work;
    this.use = use;
  }

  /**
   * The first handler of a connection's pipeline, without a handshake timeout, which the caller
   * must enforce.
   *
   * @param host of the endpoint; the certificate must match it unless a server name is configured
   */
  public SslHandler handler(ByteBufAllocator allocator, String host, int port) {
    SslHandler handler = live.context().newHandler(allocator, serverName.orElse(host), port, work);
    handler.setHandshakeTimeoutMillis(0);
    return handler;
  }

  @Override
  public void close() {
    use.close();
  }
}
