package dev.holdfast.streams.grpc.internal.driver;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * The executor that cancels session contexts at their deadlines, so that calls made in them inherit
 * the deadline.
 */
public final class ContextDeadlineExecutor {
  public static final ScheduledExecutorService EXECUTOR = create();

  private ContextDeadlineExecutor() {}

  private static ScheduledExecutorService create() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "holdfast-stream-deadlines");
              thread.setDaemon(true);
              return thread;
            });
    executor.setRemoveOnCancelPolicy(true);
    return executor;
  }
}
