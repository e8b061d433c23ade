package dev.holdfast.bench.load;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The time of each instance's first answer, and the send time of the last call that the instance
 * answered.
 */
public final class FirstAnswerTimes implements OpenLoopLoad.AnswerListener {
  private final Map<String, Long> firstAnsweredNanos = new ConcurrentHashMap<>();
  private final Map<String, Long> lastSentNanos = new ConcurrentHashMap<>();

  @Override
  public void onAnswer(String instance, long sentNanos, long answeredNanos) {
    firstAnsweredNanos.putIfAbsent(instance, answeredNanos);
    lastSentNanos.merge(instance, sentNanos, Math::max);
  }

  /** Whether an instance has answered. */
  public boolean has(String instance) {
    return firstAnsweredNanos.containsKey(instance);
  }

  /** Waits until an instance has answered; empty when the time is up. */
  public Optional<Long> awaitFirst(String instance, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    // The answer carries its own time, so how often we look does not matter to it.
    while (!has(instance) && System.nanoTime() - deadline < 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return Optional.ofNullable(firstAnsweredNanos.get(instance));
  }

  /** The send time of the last call that this instance answered; empty when it answered none. */
  public Optional<Long> lastSent(String instance) {
    return Optional.ofNullable(lastSentNanos.get(instance));
  }
}
