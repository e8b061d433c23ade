package dev.holdfast.streams.grpc;

import dev.holdfast.core.Limit;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.streams.BufferBudget;
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
record Shared(Scheduler scheduler, Executor executor, MeterRegistry meters, BufferBudget budget) {
  @Limit(
      of = "time that a sender waits when the buffer of its stream is full to twice its limit",
      then = "the stream ends with RESOURCE_EXHAUSTED")
  static final Duration SEND_PATIENCE = Duration.ofSeconds(30);

  /** A source of randomness for delays and tags, which need to differ and not to be secret. */
  static final RandomGenerator CHANCE = () -> ThreadLocalRandom.current().nextLong();

  private static final SecureRandom SECURE = new SecureRandom();

  /** Begins its threads with the first stream; idle ones end after a minute. */
  private static final class Threads {
    static final Executor APPLICATION =
        new CallbackExecutor("holdfast-streams", CallbackExecutor.IDLE);
  }

  static Shared standard() {
    return new Shared(
        SystemScheduler.shared(),
        Threads.APPLICATION,
        Metrics.globalRegistry,
        BufferBudget.ofProcess());
  }

  Shared withScheduler(Scheduler other) {
    return new Shared(other, executor, meters, budget);
  }

  Shared withExecutor(Executor other) {
    return new Shared(scheduler, other, meters, budget);
  }

  Shared withMeters(MeterRegistry other) {
    return new Shared(scheduler, executor, other, budget);
  }

  Shared withBudget(BufferBudget other) {
    return new Shared(scheduler, executor, meters, other);
  }

  /** Whether nobody chose who calls the application. */
  boolean hasOwnExecutor() {
    return executor == Threads.APPLICATION;
  }

  static SessionId newId() {
    return new SessionId(SECURE.nextLong(), SECURE.nextLong());
  }

  static byte[] newKey() {
    byte[] key = new byte[32];
    SECURE.nextBytes(key);
    return key;
  }
}
