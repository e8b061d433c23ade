package dev.holdfast.registry.kubernetes.internal.credentials;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The threads that read files and run plugins; they end when idle. A hung mount blocks one of them,
 * and never the scheduler.
 */
public final class BlockingReadExecutor {
  @Limit(
      of = "reads of kubeconfig, tokens and certificates that hang, per process",
      then = "further ones fail at once")
  static final int MAX_THREADS = 16;

  private static final Duration IDLE = Duration.ofSeconds(5);
  private static final Executor POOL =
      new ThreadPoolExecutor(
          0,
          MAX_THREADS,
          IDLE.toSeconds(),
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> {
            Thread thread = new Thread(task, "holdfast-kubernetes-files");
            thread.setDaemon(true);
            return thread;
          });

  private BlockingReadExecutor() {}

  /** Reads; the future completes on a thread of these, or at once when all of them hang. */
  public static <T> CompletableFuture<T> read(Callable<T> reader) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    try {
      POOL.execute(() -> complete(answer, reader));
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(
          new IOException(
              "not tried, as " + MAX_THREADS + " files hang (expected: a mount that answers)", e));
    }
    return answer;
  }

  /**
   * Reads and waits for it, from any thread but the scheduler's.
   *
   * @throws IOException when it takes too long, or fails so
   */
  public static <T> T await(Callable<T> reader, Duration timeout) throws IOException {
    try {
      return read(reader).get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException("no answer in time (expected: a mount that answers)", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    }
  }

  private static <T> void complete(CompletableFuture<T> answer, Callable<T> reader) {
    try {
      answer.complete(reader.call());
    } catch (Exception e) {
      answer.completeExceptionally(e);
    } catch (Error e) {
      answer.completeExceptionally(e);
      throw e;
    }
  }
}
