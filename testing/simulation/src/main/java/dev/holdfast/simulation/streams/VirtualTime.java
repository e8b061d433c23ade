package dev.holdfast.simulation.streams;

import java.time.Duration;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/** A virtual clock that moves from event to event. */
final class VirtualTime {
  // Shortly before the overflow, so that code that compares nanos with < fails.
  private static final long ORIGIN_NANOS = Long.MAX_VALUE - Duration.ofSeconds(7).toNanos();

  /** More than this in one schedule means that something runs in a circle. */
  private static final int EVENTS_OF_A_SCHEDULE = 400_000;

  private record Event(long atNanos, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long elapsedNanos;
  private long orders;
  private int done;

  long now() {
    return ORIGIN_NANOS + elapsedNanos;
  }

  Duration elapsed() {
    return Duration.ofNanos(elapsedNanos);
  }

  void after(long delayNanos, Runnable action) {
    events.add(new Event(elapsedNanos + Math.max(0, delayNanos), orders++, action));
  }

  void afterMillis(long delayMillis, Runnable action) {
    after(Duration.ofMillis(delayMillis).toNanos(), action);
  }

  /** Runs what is due within a time, and {@code check} after each event. */
  void run(Duration within, Runnable check, BooleanSupplier over) {
    long endNanos = elapsedNanos + within.toNanos();
    for (Event next = events.peek(); next != null && next.atNanos <= endNanos; ) {
      if (over.getAsBoolean()) {
        return;
      }
      events.remove();
      elapsedNanos = next.atNanos;
      next.action.run();
      check.run();
      done++;
      if (done > EVENTS_OF_A_SCHEDULE) {
        throw new GuaranteeViolation(Guarantee.STREAM_GOES_ON, "runs in a circle at " + elapsed());
      }
      next = events.peek();
    }
    elapsedNanos = endNanos;
  }
}
