package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.grpc.internal.callback.CallbackExecutor;
import dev.holdfast.streams.wire.SessionId;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * The resources that all sessions of a channel or a server share.
 *
 * @param scheduler runs timers; decisions only
 * @param executor calls the application
 * @param meters where counters go
 * @param budget the bytes that sessions hold
 */
public record SessionResources(
    Scheduler scheduler, Executor executor, MeterRegistry meters, BufferBudget budget) {
  @Limit(
      of = "time that a sender waits when the buffer of its stream is full to twice its limit",
      then = "the stream ends with RESOURCE_EXHAUSTED")
  public static final Duration SEND_TIMEOUT = Duration.ofSeconds(30);

  /** A source of randomness for delays and tags, which need to differ and not to be secret. */
  public static final RandomGenerator RANDOM = () -> ThreadLocalRandom.current().nextLong();

  private static final SecureRandom SECURE = new SecureRandom();

  /** Begins its threads with the first stream; idle ones end after a minute. */
  private static final class Threads {
    static final Executor APPLICATION =
        new CallbackExecutor("holdfast-streams", CallbackExecutor.IDLE);
  }

  public static SessionResources standard() {
    return new SessionResources(
        SystemScheduler.shared(),
        Threads.APPLICATION,
        Metrics.globalRegistry,
        BufferBudget.ofProcess());
  }

  public SessionResources withScheduler(Scheduler other) {
    return new SessionResources(other, executor, meters, budget);
  }

  public SessionResources withExecutor(Executor other) {
    return new SessionResources(scheduler, other, meters, budget);
  }

  public SessionResources withMeters(MeterRegistry other) {
    return new SessionResources(scheduler, executor, other, budget);
  }

  public SessionResources withBudget(BufferBudget other) {
    return new SessionResources(scheduler, executor, meters, other);
  }

  /** Whether nobody chose who calls the application. */
  public boolean hasOwnExecutor() {
    return executor == Threads.APPLICATION;
  }

  public static SessionId newId() {
    return new SessionId(SECURE.nextLong(), SECURE.nextLong());
  }

  public static byte[] newKey() {
    byte[] key = new byte[32];
    SECURE.nextBytes(key);
    return key;
  }
}
