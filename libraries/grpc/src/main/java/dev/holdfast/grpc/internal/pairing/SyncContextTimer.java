package dev.holdfast.grpc.internal.pairing;

import io.grpc.LoadBalancer.Helper;
import io.grpc.SynchronizationContext.ScheduledHandle;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A single timer in a channel's SynchronizationContext that can be set, replaced and cancelled. */
final class SyncContextTimer {
  private final Helper helper;
  private @Nullable ScheduledHandle timer;

  SyncContextTimer(Helper helper) {
    this.helper = helper;
  }

  boolean isSet() {
    return timer != null;
  }

  /** Instead of what it was set to before. */
  void set(long delayNanos, Runnable task) {
    cancel();
    timer =
        helper
            .getSynchronizationContext()
            .schedule(
                () -> {
                  timer = null;
                  task.run();
                },
                delayNanos,
                TimeUnit.NANOSECONDS,
                helper.getScheduledExecutorService());
  }

  void cancel() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }
}
