package dev.holdfast.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signal that this process is about to stop, with the time until which it waits.
 *
 * <p>A server {@link #begin}s it once; long streams listen and end themselves in an orderly way.
 * Thread-safe. Each listener runs once: where {@link #begin(Duration, Executor)} says, on the
 * thread that begins the drain without it, or at once on the thread that subscribes when it has
 * begun already. One that blocks delays others, and never the drain itself.
 */
public final class DrainSignal {
  private static final Logger log = LoggerFactory.getLogger(DrainSignal.class);

  private final Clock clock;
  private final Object lock = new Object();
  private final List<Listener> listeners = new ArrayList<>();
  private volatile @Nullable Long deadlineNanos;

  public DrainSignal() {
    this(Clock.system());
  }

  public DrainSignal(Clock clock) {
    this.clock = clock;
  }

  /**
   * Begins the drain. Only the first call counts.
   *
   * @param grace how long this process waits before it ends what is still open; zero or more
   */
  public void begin(Duration grace) {
    OffloadExecutor.assertNotSchedulerThread();
    var unused = begin(grace, Runnable::run);
  }

  /**
   * As {@link #begin(Duration)}, with another thread for each listener.
   *
   * @return completes when all of them ran, and what they began has ended
   */
  public CompletionStage<Void> begin(Duration grace, Executor executor) {
    if (grace.isNegative()) {
      throw new IllegalArgumentException("grace: " + grace + " (expected: >= 0)");
    }
    List<Listener> told;
    synchronized (lock) {
      if (deadlineNanos != null) {
        return CompletableFuture.completedFuture(null);
      }
      deadlineNanos = clock.nanoTime() + grace.toNanos();
      told = List.copyOf(listeners);
      listeners.clear();
    }
    return CompletableFuture.allOf(
        told.stream()
            .map(
                listener ->
                    CompletableFuture.supplyAsync(listener::run, executor)
                        .thenCompose(done -> done))
            .toArray(CompletableFuture<?>[]::new));
  }

  /** Whether new work should be refused. */
  public boolean isDraining() {
    return deadlineNanos != null;
  }

  /** The time left before what is open is ended, zero when it is over; empty before the drain. */
  public Optional<Duration> remaining() {
    Long deadline = deadlineNanos;
    return deadline == null
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(Math.max(0, deadline - clock.nanoTime())));
  }

  /** The end of the drain in the nanoseconds of the clock; empty before the drain. */
  public Optional<Long> deadlineNanos() {
    return Optional.ofNullable(deadlineNanos);
  }

  /** Runs something once when the drain begins; at once when it has begun. */
  public Subscription onDrain(Runnable action) {
    return onDrainAsync(
        () -> {
          action.run();
          return CompletableFuture.completedFuture(null);
        });
  }

  /**
   * As {@link #onDrain}, for something that goes on behind it: whoever begins the drain may wait
   * for that too.
   */
  public Subscription onDrainAsync(Supplier<? extends CompletionStage<Void>> action) {
    Listener listener = new Listener(action);
    synchronized (lock) {
      if (deadlineNanos == null) {
        listeners.add(listener);
        return () -> remove(listener);
      }
    }
    var unused = listener.run();
    return () -> {};
  }

  private void remove(Listener listener) {
    synchronized (lock) {
      listeners.remove(listener);
    }
  }

  /** An identity of its own, so that one action may be registered twice and removed once. */
  private static final class Listener {
    private final Supplier<? extends CompletionStage<Void>> action;

    Listener(Supplier<? extends CompletionStage<Void>> action) {
      this.action = action;
    }

    CompletionStage<Void> run() {
      try {
        return action.get();
      } catch (RuntimeException e) {
        // The others must hear of the drain whatever one of them does.
        log.error("event=drain_listener_failed", e);
        return CompletableFuture.completedFuture(null);
      }
    }
  }
}
