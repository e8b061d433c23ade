package dev.holdfast.streams.redis;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reconnect loop of a store. It has a thread of its own, because name lookups, password files
 * and handshakes may block.
 */
final class RedisConnector implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RedisConnector.class);

  @Limit(of = "time between two attempts to connect to Redis", then = "it is tried again")
  static final Duration MAX_PAUSE = Duration.ofSeconds(1);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final int CHECKS_PER_TIMEOUT = 4;

  /**
   * Timeouts that each answer of the greeting may take. In a process that has just started, on a
   * machine without a free core, a round trip through its threads took more than one: it never came
   * to an end.
   */
  private static final int TIMEOUTS_PER_GREETING = 5;

  private static final int THREADS = 2;

  private final RedisAddress address;
  private final RedisStoreOptions options;
  private final RequestPipeline pipeline;
  private final ClientResources resources;
  private final RedisClient client;
  private final Thread thread = new Thread(this::run, "holdfast-redis-connector");
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Object changed = new Object();
  private String lastTrouble = "";
  private String lastRun = "";

  RedisConnector(RedisAddress address, RedisStoreOptions options, RequestPipeline pipeline) {
    this.address = address;
    this.options = options;
    this.pipeline = pipeline;
    // Two of each is what lettuce wants at least.
    resources =
        DefaultClientResources.builder()
            .ioThreadPoolSize(THREADS)
            .computationThreadPoolSize(THREADS)
            .commandLatencyRecorder(CommandLatencyRecorder.disabled())
            .build();
    client = RedisClient.create(resources);
    client.setOptions(clientOptions(options, greetingPatience()));
    thread.setDaemon(true);
  }

  /**
   * How long each answer of the greeting is waited for. Sentinels are asked one after the other,
   * and a silent one holds up the next.
   */
  private Duration greetingPatience() {
    return address.isSentinel()
        ? options.timeout()
        : options.timeout().multipliedBy(TIMEOUTS_PER_GREETING);
  }

  private static ClientOptions clientOptions(RedisStoreOptions options, Duration greeting) {
    SslOptions.Builder tls = SslOptions.builder().jdkSslProvider();
    options.authorities().ifPresent(pem -> tls.trustManager(pem.toFile()));
    return ClientOptions.builder()
        // The end of a group ends its pending requests: a command is never said again behind our
        // back, to a Redis that may be another one.
        .autoReconnect(false)
        .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
        // The pipeline checks the oldest request: a timer for each would cost more than the
        // request.
        .timeoutOptions(TimeoutOptions.create())
        .socketOptions(
            SocketOptions.builder().connectTimeout(options.timeout()).keepAlive(true).build())
        .sslOptions(tls.handshakeTimeout(greeting).build())
        .build();
  }

  void start() {
    thread.start();
  }

  boolean awaitConnected(Duration patience) throws InterruptedException {
    long endNanos = System.nanoTime() + patience.toNanos();
    synchronized (changed) {
      while (!pipeline.isUp()) {
        long leftMillis = (endNanos - System.nanoTime()) / 1_000_000;
        if (leftMillis <= 0 || closed.getCount() == 0) {
          return false;
        }
        changed.wait(leftMillis);
      }
    }
    return true;
  }

  @Override
  public void close() {
    closed.countDown();
    tellChanged();
    pipeline.close();
  }

  private void run() {
    Backoff backoff =
        new Backoff(new Backoff.BackoffOptions(FIRST_PAUSE, MAX_PAUSE), new SecureRandom());
    try {
      boolean ended = false;
      while (!ended) {
        if (serve()) {
          backoff.reset();
        }
        ended = closed.await(backoff.next().toNanos(), TimeUnit.NANOSECONDS);
      }
    } catch (InterruptedException e) {
      // Nothing interrupts it; an interrupt would mean that the thread must end.
      Thread.currentThread().interrupt();
    } finally {
      shutDown();
    }
  }

  private void shutDown() {
    var unused =
        client
            .shutdownAsync(0, options.timeout().toMillis(), TimeUnit.MILLISECONDS)
            .thenRun(this::shutDownResources);
  }

  private void shutDownResources() {
    var unused = resources.shutdown(0, 1, TimeUnit.SECONDS);
  }

  /**
   * Connects, and blocks until that connection ends or the connector is closed.
   *
   * @return whether there was a connection
   */
  private boolean serve() throws InterruptedException {
    RedisConnectionGroup link = connect();
    if (link == null) {
      return false;
    }
    CountDownLatch over = new CountDownLatch(1);
    link.onEnd(over::countDown);
    pipeline.attach(link, this::tellChanged);
    long tickMillis = Math.max(1, options.timeout().toMillis() / CHECKS_PER_TIMEOUT);
    while (closed.getCount() > 0 && !over.await(tickMillis, TimeUnit.MILLISECONDS)) {
      pipeline.checkTime();
    }
    if (closed.getCount() > 0) {
      pipeline.detach(link);
    }
    log.info("event=redis_disconnected redis={} run={}", address, link.run().id());
    return true;
  }

  private @Nullable RedisConnectionGroup connect() {
    try {
      RedisConnectionGroup link =
          RedisConnectionGroup.open(client, address.resolve(greetingPatience()), address, options);
      onConnected(link);
      return link;
    } catch (IOException | RedisException | IllegalStateException e) {
      onConnectFailure(e);
      return null;
    }
  }

  private void onConnected(RedisConnectionGroup link) {
    RedisServerInfo run = link.run();
    lastTrouble = "";
    log.info(
        "event=redis_connected redis={} version={} append_fsync={} run={} records_trusted={}",
        address,
        run.version(),
        run.appendFsync(),
        run.id(),
        link.isTrusted());
    if (!run.isDurable() && !run.id().equals(lastRun)) {
      log.warn(
          "event=redis_not_durable redis={} append_fsync={} was_replica={} then=\"after its crash"
              + " sessions that move are lost (docs/streams.md)\"",
          address,
          run.appendFsync(),
          run.wasReplica());
    }
    lastRun = run.id();
  }

  /** Once for each kind of trouble: attempts go on for as long as it takes. */
  private void onConnectFailure(Exception failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    String trouble = IoErrorText.of(cause);
    if (closed.getCount() > 0 && !trouble.equals(lastTrouble)) {
      lastTrouble = trouble;
      log.warn("event=redis_unreachable redis={} cause=\"{}\"", address, trouble);
    }
  }

  private void tellChanged() {
    synchronized (changed) {
      changed.notifyAll();
    }
  }
}
