package dev.holdfast.bench.soak;

import dev.holdfast.bench.run.RunResources;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A rolling restart that goes on and on beside the faults: one server after the other hands its
 * streams over, ends and starts again, with a pause before each.
 */
final class RollingRestart implements AutoCloseable {
  /** Longer than a drain and a start. */
  private static final Duration LONGEST = Duration.ofMinutes(4);

  private final RunResources runResources;
  private final List<SoakNode> nodes;
  private final Duration pause;
  private final ScheduledExecutorService executor;
  private final CompletableFuture<Void> failure = new CompletableFuture<>();
  private final AtomicInteger restarts = new AtomicInteger();

  RollingRestart(RunResources runResources, List<SoakNode> nodes, Duration pause) {
    this.runResources = runResources;
    this.nodes = nodes;
    this.pause = pause;
    ScheduledThreadPoolExecutor single =
        new ScheduledThreadPoolExecutor(1, task -> new Thread(task, "rolling-restart"));
    single.setContinueExistingPeriodicTasksAfterShutdownPolicy(false);
    executor = single;
  }

  void begin() {
    if (!nodes.isEmpty()) {
      var unused =
          executor.scheduleWithFixedDelay(
              this::restartNext, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /**
   * Begins no restart any more, and waits for the one that goes on.
   *
   * @return the restarts
   */
  int end() throws InterruptedException, ExecutionException {
    executor.shutdown();
    if (!executor.awaitTermination(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("a restart takes longer than " + LONGEST);
    }
    if (failure.isDone()) {
      failure.get();
    }
    return restarts.get();
  }

  private void restartNext() {
    if (failure.isDone()) {
      return;
    }
    try {
      nodes.get(restarts.get() % nodes.size()).restart(runResources);
      restarts.incrementAndGet();
    } catch (Exception e) {
      failure.completeExceptionally(e);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
