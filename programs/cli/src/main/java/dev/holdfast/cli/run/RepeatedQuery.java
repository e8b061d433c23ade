package dev.holdfast.cli.run;

import dev.holdfast.cli.CommandContext;
import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.UserError;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The repeated query of {@code --watch}.
 *
 * <p>The query ends cleanly at Ctrl-C and SIGTERM, even while it waits for an answer, and when
 * nobody reads its output any more. An error at the first query is a failure. A later error is
 * printed once and the query repeated, because users watch restarts.
 */
public final class RepeatedQuery {
  private RepeatedQuery() {}

  /**
   * Repeats a query until a signal comes, or until standard output is closed.
   *
   * @param pause between two queries
   * @param ask one query; throws {@link UserError} when it fails, and ends early when interrupted
   * @param show prints it
   * @throws UserError when the first query fails
   * @throws InterruptedException when somebody else than a signal interrupts this thread
   */
  public static <T> void watch(
      CommonOptions common, Duration pause, Supplier<T> ask, Consumer<T> show)
      throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    Thread looking = Thread.currentThread();
    Signals.onStop(
        () -> {
          ended.countDown();
          // The queried server may hang.
          looking.interrupt();
        });
    until(ended, common.commandContext(), pause, ask, show);
  }

  static <T> void until(
      CountDownLatch ended,
      CommandContext commandContext,
      Duration pause,
      Supplier<T> ask,
      Consumer<T> show)
      throws InterruptedException {
    boolean seen = false;
    String trouble = "";
    try {
      do {
        try {
          show.accept(ask.get());
          seen = true;
          trouble = "";
        } catch (UserError e) {
          if (ended.getCount() == 0) {
            return;
          }
          if (!seen) {
            throw e;
          }
          String said = String.valueOf(e.getMessage());
          if (!said.equals(trouble)) {
            commandContext.err().println("holdfast: " + said + " (trying again)");
          }
          trouble = said;
        }
      } while (!commandContext.out().checkError()
          && !ended.await(pause.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      if (ended.getCount() > 0) {
        throw e;
      }
    } finally {
      if (ended.getCount() == 0) {
        // The signal's interruption has done its work.
        var unused = Thread.interrupted();
      }
    }
  }
}
