package dev.holdfast.gateway.call;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The timers of one call. Confined to its event loop; none fires after {@link #cancel}. */
final class CallTimers {
  private final EventLoop eventLoop;
  private @Nullable ScheduledFuture<?> deadline;
  private @Nullable ScheduledFuture<?> age;
  private @Nullable ScheduledFuture<?> connection;

  CallTimers(EventLoop eventLoop) {
    this.eventLoop = eventLoop;
  }

  /** Starts the timer of the call's timeout. */
  void startDeadline(long nanos, Runnable onDeadline) {
    deadline = after(nanos, onDeadline);
  }

  /**
   * Starts the timer of the longest duration that the route allows, with a jitter of a tenth:
   * streams that began together should not reconnect together.
   */
  void startAge(Duration longest, Runnable onAge) {
    long nanos = longest.toNanos();
    if (nanos > 0) {
      long tenth = nanos / 10;
      age = after(nanos + ThreadLocalRandom.current().nextLong(-tenth, tenth + 1), onAge);
    }
  }

  /** Starts the timer of the wait for a connection, unless it runs. */
  void startConnectionWait(Duration longest, Runnable onNothingFound) {
    if (connection == null) {
      connection = after(longest.toNanos(), onNothingFound);
    }
  }

  /** Ends the wait for a connection. */
  void stopConnectionWait() {
    cancel(connection);
    connection = null;
  }

  /** Schedules a task that decides by itself whether it is still wanted. */
  ScheduledFuture<?> after(long nanos, Runnable task) {
    return eventLoop.schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  /** Cancels all timers of the call. */
  void cancel() {
    cancel(deadline);
    cancel(age);
    stopConnectionWait();
  }

  private static void cancel(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
