package dev.holdfast.gateway.tls;

import dev.holdfast.core.Limit;
import dev.holdfast.core.LogText;
import dev.holdfast.core.Subscription;
import dev.holdfast.gateway.limits.GatewayMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS towards clients, with files that are followed: new handshakes use what was read last.
 * Thread-safe. Who got it closes it.
 */
public final class TlsServer implements AutoCloseable {
  @Limit(
      of = "pause between two lines in the log about clients whose handshake failed",
      then = "those between them are counted in the next line")
  static final Duration QUIET = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(TlsServer.class);

  private final LiveContext live;
  private final Executor work;
  private final Subscription use;
  private final Counter refused;
  private final AtomicInteger untold = new AtomicInteger();
  private final AtomicLong toldNanos = new AtomicLong(System.nanoTime() - QUIET.toNanos());

  TlsServer(LiveContext live, Executor work, Subscription use, MeterRegistry meters) {
    this.live = live;
    this.work = work;
    this.use = use;
    this.refused = GatewayMeter.TLS_REFUSED.counter(meters);
  }

  /**
   * What the pipeline of a connection that was accepted begins with.
   *
   * @param patience for the whole handshake
   */
  public SslHandler handler(ByteBufAllocator allocator, Duration patience) {
    SslHandler handler = live.context().newHandler(allocator, work);
    handler.setHandshakeTimeoutMillis(patience.toMillis());
    return handler;
  }

  /** A handshake failed: it is counted, and told unless another one was just before. */
  public void onRefused(SocketAddress peer, Throwable cause) {
    refused.increment();
    untold.incrementAndGet();
    long nowNanos = System.nanoTime();
    long before = toldNanos.get();
    if (nowNanos - before >= QUIET.toNanos() && toldNanos.compareAndSet(before, nowNanos)) {
      log.info(
          "event=tls_handshake_failed peer={} count={} reason=\"{}\"",
          peer,
          untold.getAndSet(0),
          LogText.of(TlsFault.describe(cause)));
    }
  }

  @Override
  public void close() {
    use.close();
  }
}
