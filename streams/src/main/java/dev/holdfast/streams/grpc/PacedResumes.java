package dev.holdfast.streams.grpc;

import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.Scheduler;
import dev.holdfast.streams.ResumePace;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link ResumePace} of one channel, with a lock and a timer. Thread-safe. */
final class PacedResumes {
  private static final Logger log = LoggerFactory.getLogger(PacedResumes.class);

  private final Scheduler scheduler;
  private final AtomicInteger turns = new AtomicInteger();

  // Guarded by itself.
  private final ResumePace pace = new ResumePace();
  private boolean armed;

  PacedResumes(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** An attempt that waits, is under way, or over. */
  final class Turn {
    private final ResumePace.Turn turn;

    private Turn(ResumePace.Turn turn) {
      this.turn = turn;
    }

    void onWelcome() {
      synchronized (pace) {
        pace.onWelcome(turn);
      }
      drive();
    }

    /** Also when it never began. */
    void onOver() {
      synchronized (pace) {
        pace.onOver(turn);
      }
      drive();
    }
  }

  /**
   * Asks for a turn; {@link #drive} then begins it, if it is due.
   *
   * @param begin run once, at most, by any thread
   */
  Turn ask(Runnable begin) {
    synchronized (pace) {
      return new Turn(pace.ask(scheduler.clock().nanoTime(), begin));
    }
  }

  /** Begins what is due, unless another thread is at it, which then does. */
  void drive() {
    if (OffloadExecutor.isNeeded()) {
      // Whoever else comes may act before a thread of the executor is free.
      OffloadExecutor.shared().execute(this::drive);
      return;
    }
    if (turns.getAndIncrement() != 0) {
      return;
    }
    int done;
    do {
      done = turns.get();
      for (ResumePace.Turn next = next(); next != null; next = next()) {
        begin(next);
      }
    } while (!turns.compareAndSet(done, 0));
  }

  private static void begin(ResumePace.Turn turn) {
    OffloadExecutor.assertMayRunHere();
    try {
      turn.begin().run();
    } catch (RuntimeException e) {
      // One that can't begin must not keep the others from it; its session tries again.
      log.error("event=stream_attempt_failed", e);
    }
  }

  private ResumePace.@Nullable Turn next() {
    synchronized (pace) {
      long nowNanos = scheduler.clock().nanoTime();
      ResumePace.Turn next = pace.next(nowNanos);
      OptionalLong due = pace.nextDeadlineNanos();
      if (next == null && !armed && due.isPresent()) {
        armed = true;
        var unused =
            scheduler.schedule(Duration.ofNanos(due.getAsLong() - nowNanos), this::onTimer);
      }
      return next;
    }
  }

  private void onTimer() {
    synchronized (pace) {
      armed = false;
    }
    drive();
  }
}
