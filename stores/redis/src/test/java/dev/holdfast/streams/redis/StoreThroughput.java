package dev.holdfast.streams.redis;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.redis.local.RedisProcess;
import dev.holdfast.streams.wire.SessionId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/**
 * Measures a store on a Redis of its own: sessions that begin, that are all taken over by another
 * instance (as after a restart), and that write. {@code StoreThroughput [sessions
 * [always|everysec]]}
 */
public final class StoreThroughput {
  private static final Caller CALLER = new Caller("device", "test.Devices/Talk");
  private static final Duration KEEP = Duration.ofMinutes(10);

  /** Requests at the same time, as when so many sessions want something at once. */
  private static final int AT_ONCE = 4096;

  private static final int MESSAGE_BYTES = 64;

  private StoreThroughput() {}

  public static void main(String[] args) throws Exception {
    int sessions = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
    String fsync = args.length > 1 ? args[1] : "always";
    Path folder = Files.createTempDirectory("holdfast-redis");
    try (RedisProcess redis = RedisProcess.start(folder, "--appendfsync", fsync);
        RedisSessionStore store = RedisSessionStore.open(redis.uri())) {
      if (!store.awaitConnected(Duration.ofSeconds(30))) {
        throw new IllegalStateException("no Redis");
      }
      double begun = perSecond(sessions, i -> store.claim(begin(i)));
      double resumed = perSecond(sessions, i -> store.claim(resume(i)));
      double idle = perSecond(sessions, i -> store.save(save(i, List.of())));
      long bytes = memory(redis) / sessions;
      SequencedMessage sequencedMessage =
          new SequencedMessage(1, Payload.of(new byte[MESSAGE_BYTES]), 0, 0);
      double saved = perSecond(sessions, i -> store.save(next(i, sequencedMessage)));
      System.out.printf(
          "RESULT sessions=%d fsync=%s begun_per_s=%.0f resumed_per_s=%.0f saved_per_s=%.0f"
              + " saved_with_answer_per_s=%.0f bytes_per_idle_session=%d%n",
          sessions, fsync, begun, resumed, idle, saved, bytes);
    }
  }

  private static StoreRequest.Claim begin(int i) {
    SessionRecord fresh = SessionRecord.fresh(1, "a", CALLER);
    return new StoreRequest.Claim(id(i), 1, "a", CALLER, Optional.of(fresh), KEEP);
  }

  private static StoreRequest.Claim resume(int i) {
    return new StoreRequest.Claim(id(i), 2, "b", CALLER, Optional.empty(), KEEP);
  }

  private static StoreRequest.Save save(int i, List<SequencedMessage> appended) {
    return new StoreRequest.Save(id(i), 2, "b", 0, 5, 0, appended, false, false, KEEP);
  }

  private static StoreRequest.Save next(int i, SequencedMessage sequencedMessage) {
    return new StoreRequest.Save(
        id(i), 2, "b", 1, 6, 0, List.of(sequencedMessage), false, false, KEEP);
  }

  private static SessionId id(int i) {
    return new SessionId(0x5e55, i);
  }

  private static double perSecond(int count, IntFunction<CompletionStage<StoreResponse>> ask)
      throws InterruptedException {
    Semaphore room = new Semaphore(AT_ONCE);
    AtomicLong failed = new AtomicLong();
    long beganNanos = System.nanoTime();
    for (int i = 0; i < count; i++) {
      room.acquire();
      var unused =
          ask.apply(i)
              .whenComplete(
                  (answer, failure) -> {
                    boolean good =
                        answer instanceof StoreResponse.Claimed
                            || answer instanceof StoreResponse.Saved;
                    failed.addAndGet(good ? 0 : 1);
                    room.release();
                  });
    }
    room.acquire(AT_ONCE);
    if (failed.get() > 0) {
      throw new IllegalStateException("failed: " + failed + " (expected: 0)");
    }
    return count * (double) TimeUnit.SECONDS.toNanos(1) / (System.nanoTime() - beganNanos);
  }

  private static long memory(RedisProcess redis) throws Exception {
    String size = RequiredRedis.info(redis, "used_memory");
    return Long.parseLong(size);
  }
}
