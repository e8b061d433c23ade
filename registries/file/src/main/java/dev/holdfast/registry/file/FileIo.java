package dev.holdfast.registry.file;

import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread on which a registry touches the file system, so that its {@link Scheduler} never waits
 * for a disk.
 *
 * <p>Work is done one piece at a time, in order; answers come on the scheduler, within {@link
 * #TIMEOUT} even when the file system hangs. While it hangs, at most {@link #MAX_WAITING} pieces
 * wait for it; more are refused at once. Thread-safe.
 */
final class FileIo implements AutoCloseable {
  /** After what time work is given up. It may still be done later. */
  @Limit(
      of = "time that one piece of work on files may take",
      then = "it is reported as failed, and may still be done later")
  static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** How many pieces of work wait at most: several times what a start of 10,000 instances takes. */
  @Limit(
      of = "pieces of work that wait while the file system hangs",
      then = "further ones are refused at once")
  static final int MAX_WAITING = 65_536;

  // Cleaning up is done once per watch and record, and what it leaves behind stays for good.
  @Limit(of = "the same with cleaning up", then = "it is left undone, and logged")
  private static final int MAX_WAITING_WITH_CLEANING = 2 * MAX_WAITING;

  private static final Logger log = LoggerFactory.getLogger(FileIo.class);

  private final Scheduler scheduler;
  private final ExecutorService thread;
  private final AtomicInteger waiting = new AtomicInteger();

  FileIo(Scheduler scheduler) {
    this.scheduler = scheduler;
    thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread created = new Thread(task, "holdfast-file-io");
              created.setDaemon(true);
              return created;
            });
  }

  /**
   * Does a piece of work; exactly one of the two consumers is called, on the scheduler.
   *
   * @param what names it in the error when the file system does not answer in time
   * @param work may block, and fails with a {@link RegistryException}
   * @return false when the work is refused, and so is not even done later
   */
  <T> boolean submit(
      String what, Supplier<T> work, Consumer<T> onResult, Consumer<RegistryException> onFailure) {
    return submit(MAX_WAITING, what, work, onResult, onFailure);
  }

  private <T> boolean submit(
      int maxWaiting,
      String what,
      Supplier<T> work,
      Consumer<T> onResult,
      Consumer<RegistryException> onFailure) {
    if (waiting.incrementAndGet() > maxWaiting) {
      waiting.decrementAndGet();
      scheduler.execute(() -> onFailure.accept(queueFull(what, maxWaiting)));
      return false;
    }
    AtomicBoolean answered = new AtomicBoolean();
    Subscription timer =
        scheduler.schedule(
            TIMEOUT,
            () -> {
              if (answered.compareAndSet(false, true)) {
                onFailure.accept(late(what));
              }
            });
    Consumer<Runnable> answer =
        callback ->
            scheduler.execute(
                () -> {
                  timer.close();
                  if (answered.compareAndSet(false, true)) {
                    callback.run();
                  }
                });
    try {
      thread.execute(
          () -> {
            waiting.decrementAndGet();
            run(what, work, onResult, onFailure, answer);
          });
      return true;
    } catch (RejectedExecutionException e) {
      waiting.decrementAndGet();
      answer.accept(
          () ->
              onFailure.accept(
                  new RegistryException(RegistryErrorKind.CLOSED, "the registry is closed")));
      return false;
    }
  }

  /** Executes a task whose result no caller waits for; a failure is logged. */
  void run(String what, Runnable work) {
    boolean taken =
        submit(
            MAX_WAITING_WITH_CLEANING,
            what,
            () -> {
              work.run();
              return true;
            },
            done -> {},
            failure -> log.debug("event=file_task_failed work=\"{}\"", what, failure));
    if (!taken && !thread.isShutdown()) {
      log.warn("event=file_task_rejected work=\"{}\"", what);
    }
  }

  /** Takes no more work; what was handed in is still done. */
  @Override
  public void close() {
    thread.shutdown();
  }

  /** Waits for what was handed in before the close, for a bounded time. */
  boolean awaitEnd(Duration atMost) {
    try {
      return thread.awaitTermination(atMost.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static <T> void run(
      String what,
      Supplier<T> work,
      Consumer<T> onResult,
      Consumer<RegistryException> onFailure,
      Consumer<Runnable> answer) {
    try {
      T result = work.get();
      answer.accept(() -> onResult.accept(result));
    } catch (RegistryException e) {
      answer.accept(() -> onFailure.accept(e));
    } catch (RuntimeException | Error e) {
      log.error("event=file_task_failed work=\"{}\"", what, e);
      RegistryException failure =
          new RegistryException(RegistryErrorKind.UNAVAILABLE, what + ": " + e, e);
      answer.accept(() -> onFailure.accept(failure));
      if (e instanceof Error error) {
        throw error;
      }
    }
  }

  private static RegistryException queueFull(String what, int maxWaiting) {
    return new RegistryException(
        RegistryErrorKind.UNAVAILABLE,
        what
            + ": the file system does not answer; "
            + maxWaiting
            + " operations wait for it already (expected: fewer)");
  }

  private static RegistryException late(String what) {
    return new RegistryException(
        RegistryErrorKind.UNAVAILABLE,
        what + ": the file system did not answer within " + TIMEOUT.toSeconds() + " s");
  }
}
