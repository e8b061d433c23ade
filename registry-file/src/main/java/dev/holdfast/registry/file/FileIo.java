package dev.holdfast.registry.file;

import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.Kind;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread on which a registry touches the file system, so that its {@link Scheduler} never waits
 * for a disk.
 *
 * <p>Work is done one piece at a time, in order; answers come on the scheduler, within {@link
 * #TIMEOUT} even when the file system hangs. Thread-safe.
 */
final class FileIo implements AutoCloseable {
  /** After what time work is given up. It may still be done later. */
  static final Duration TIMEOUT = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(FileIo.class);

  private final Scheduler scheduler;
  private final ExecutorService thread;

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
   */
  <T> void ask(
      String what, Supplier<T> work, Consumer<T> onResult, Consumer<RegistryException> onFailure) {
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
      thread.execute(() -> run(what, work, onResult, onFailure, answer));
    } catch (RejectedExecutionException e) {
      answer.accept(
          () -> onFailure.accept(new RegistryException(Kind.CLOSED, "the registry is closed")));
    }
  }

  /** Does a piece of work whose failure nobody waits for; it is logged. */
  void run(String what, Runnable work) {
    ask(
        what,
        () -> {
          work.run();
          return true;
        },
        done -> {},
        failure -> log.debug("event=file_work_failed work=\"{}\"", what, failure));
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
      log.error("event=file_work_failed work=\"{}\"", what, e);
      RegistryException failure = new RegistryException(Kind.UNAVAILABLE, what + ": " + e, e);
      answer.accept(() -> onFailure.accept(failure));
      if (e instanceof Error error) {
        throw error;
      }
    }
  }

  private static RegistryException late(String what) {
    return new RegistryException(
        Kind.UNAVAILABLE,
        what + ": the file system did not answer within " + TIMEOUT.toSeconds() + " s");
  }
}
