package dev.holdfast.gateway.duplex;

import dev.holdfast.streams.session.ClientSession;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The timer of a session's next deadline, on its event loop. */
final class SessionTimer {
  private final ClientSession session;
  private final EventLoop eventLoop;
  private final Runnable run;
  private @Nullable ScheduledFuture<?> scheduled;
  private long dueNanos;

  /**
   * Creates a timer that is not set.
   *
   * @param run carries out what the session decides at its deadline
   */
  SessionTimer(ClientSession session, EventLoop eventLoop, Runnable run) {
    this.session = session;
    this.eventLoop = eventLoop;
    this.run = run;
  }

  /** Sets it to the session's next deadline; it may fire early and never late. */
  void arm() {
    OptionalLong due = session.nextDeadlineNanos();
    if (due.isEmpty()) {
      stop();
    } else if (scheduled == null || due.getAsLong() - dueNanos < 0) {
      stop();
      dueNanos = due.getAsLong();
      scheduled =
          eventLoop.schedule(this::onTimer, dueNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    }
  }

  private void stop() {
    ScheduledFuture<?> known = scheduled;
    scheduled = null;
    if (known != null) {
      known.cancel(false);
    }
  }

  private void onTimer() {
    scheduled = null;
    long nowNanos = System.nanoTime();
    OptionalLong due = session.nextDeadlineNanos();
    if (due.isPresent() && due.getAsLong() - nowNanos <= 0) {
      session.onTimeout(nowNanos);
    }
    run.run();
  }
}
