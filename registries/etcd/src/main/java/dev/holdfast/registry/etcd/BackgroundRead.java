package dev.holdfast.registry.etcd;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A repeated blocking read of files, executed off the scheduler. A hung mount blocks one thread and
 * fails the requests that wait for the file, but delays no decision of this process.
 *
 * <p>At most one read is under way per instance; requests that arrive meanwhile get its result. All
 * instances of a process share {@link #MAX_THREADS} daemon threads, which end when idle. When all
 * threads hang, a further read fails at once. Confined to the scheduler, except for {@link #await}.
 */
final class BackgroundRead<T> {
  /** Reads that hang at the same time, of all registries of a process. */
  @Limit(
      of = "reads of password and certificate files that hang, per process",
      then = "further ones fail at once")
  static final int MAX_THREADS = 16;

  /** The longest time that {@link #await} blocks. */
  @Limit(of = "time that opening a registry waits for its files", then = "it fails")
  static final Duration MAX_AWAITED = Duration.ofSeconds(5);

  private static final class Threads {
    private static final Duration IDLE = Duration.ofSeconds(5);

    static final Executor POOL =
        new ThreadPoolExecutor(
            0,
            MAX_THREADS,
            IDLE.toSeconds(),
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, "holdfast-etcd-files");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** A pending request for the result of the read, with its timeout. */
  private final class Waiter {
    private final Consumer<? super T> onResult;
    private final Consumer<? super Exception> onFailure;
    private final Subscription timer;

    Waiter(Duration timeout, Consumer<? super T> onResult, Consumer<? super Exception> onFailure) {
      this.onResult = onResult;
      this.onFailure = onFailure;
      this.timer =
          scheduler.schedule(
              timeout,
              () -> {
                if (waiters.remove(this)) {
                  onFailure.accept(late());
                }
              });
    }
  }

  private final Scheduler scheduler;
  private final Callable<? extends T> read;
  private final Set<Waiter> waiters = new LinkedHashSet<>();
  private boolean underWay;

  /**
   * @param read may block; called on a thread of its own
   */
  BackgroundRead(Scheduler scheduler, Callable<? extends T> read) {
    this.scheduler = scheduler;
    this.read = read;
  }

  /** Exactly one of the two consumers is called, later, on the scheduler, within the timeout. */
  void request(
      Duration timeout, Consumer<? super T> onResult, Consumer<? super Exception> onFailure) {
    waiters.add(new Waiter(timeout, onResult, onFailure));
    if (!underWay) {
      underWay = true;
      begin();
    }
  }

  /**
   * Reads on a thread of its own and waits for it, from any thread but the scheduler's.
   *
   * @throws IOException when it takes longer than {@link #MAX_AWAITED}, or fails so
   */
  static <R> R await(Callable<R> read) throws IOException {
    CompletableFuture<R> answer = new CompletableFuture<>();
    try {
      Threads.POOL.execute(() -> complete(answer, read));
      return answer.get(MAX_AWAITED.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      throw queueFull(e);
    } catch (TimeoutException e) {
      throw late();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      throw new IOException(String.valueOf(e.getCause()), e);
    }
  }

  private void begin() {
    CompletableFuture<T> answer = new CompletableFuture<>();
    var unused =
        answer.whenComplete(
            (result, failure) -> scheduler.execute(() -> finished(answer, failure)));
    try {
      Threads.POOL.execute(() -> complete(answer, read));
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(queueFull(e));
    }
  }

  private void finished(CompletableFuture<T> answer, @Nullable Throwable failure) {
    underWay = false;
    for (Waiter waiter : List.copyOf(waiters)) {
      // One by one, so that those behind one that throws still hear of the time running out.
      waiters.remove(waiter);
      waiter.timer.close();
      if (failure == null) {
        waiter.onResult.accept(answer.join());
      } else {
        waiter.onFailure.accept(
            failure instanceof Exception known ? known : new IOException(failure));
      }
    }
  }

  private static <R> void complete(CompletableFuture<R> answer, Callable<? extends R> read) {
    try {
      answer.complete(read.call());
    } catch (Exception e) {
      answer.completeExceptionally(e);
    } catch (Error e) {
      answer.completeExceptionally(e);
      throw e;
    }
  }

  private static IOException late() {
    return new IOException("no answer in time (expected: a mount that answers)");
  }

  private static IOException queueFull(Exception cause) {
    return new IOException(
        "not tried, as " + MAX_THREADS + " files hang (expected: a mount that answers)", cause);
  }
}
