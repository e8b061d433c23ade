package dev.holdfast.gateway.call;

import dev.holdfast.gateway.loop.DeadlineWheel;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The timers of one call. Confined to its event loop; none fires after {@link #cancel}. */
final class CallTimers {
  private final ForwardingLoop loop;
  private @Nullable Timer deadline;
  private @Nullable Timer age;
  private @Nullable Timer connection;

  private static final class Timer extends DeadlineWheel.Deadline {
    private final Runnable task;

    Timer(Runnable task) {
      this.task = task;
    }

    @Override
    protected void onPassed() {
      task.run();
    }
  }

  CallTimers(ForwardingLoop loop) {
    this.loop = loop;
  }

  /** Starts the timer of the call's timeout. */
  void startDeadline(long nanos, Runnable onDeadline) {
    deadline = start(nanos, onDeadline);
  }

  /**
   * Starts the timer of the longest duration that the route allows, with a jitter of a tenth:
   * streams that began together should not reconnect together.
   */
  void startAge(Duration longest, Runnable onAge) {
    long nanos = longest.toNanos();
    if (nanos > 0) {
      long tenth = nanos / 10;
      age = start(nanos + ThreadLocalRandom.current().nextLong(-tenth, tenth + 1), onAge);
    }
  }

  /** Starts the timer of the wait for a connection, unless it runs. */
  void startConnectionWait(Duration longest, Runnable onNothingFound) {
    if (connection == null) {
      connection = start(longest.toNanos(), onNothingFound);
    }
  }

  /** Ends the wait for a connection. */
  void stopConnectionWait() {
    cancel(connection);
    connection = null;
  }

  /** Schedules a task that decides by itself whether it is still wanted. */
  void after(long nanos, Runnable task) {
    var unused = loop.eventLoop().schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  /** Cancels all timers of the call. */
  void cancel() {
    cancel(deadline);
    cancel(age);
    stopConnectionWait();
  }

  private Timer start(long nanos, Runnable task) {
    Timer timer = new Timer(task);
    loop.deadlines().start(timer, GatewayEpollIoHandler.nanoTime(), nanos);
    return timer;
  }

  private void cancel(@Nullable Timer timer) {
    if (timer != null) {
      loop.deadlines().cancel(timer);
    }
  }
}
