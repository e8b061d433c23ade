package dev.holdfast.cli.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.cli.CommandContext;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.settings.Settings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The repetition of a query by {@code --watch}. */
class RepeatedQueryTest {
  private final StringWriter err = new StringWriter();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<String> shown = new ArrayList<>();

  /** Queries one after the other; the signal comes with the last. */
  private Supplier<String> looks(List<Supplier<String>> looks) {
    Iterator<Supplier<String>> left = looks.iterator();
    return () -> {
      Supplier<String> look = left.next();
      if (!left.hasNext()) {
        ended.countDown();
        // As the handler of signals does it.
        Thread.currentThread().interrupt();
      }
      return look.get();
    };
  }

  private void watch(Writer out, Supplier<String> ask) throws InterruptedException {
    CommandContext commandContext =
        new CommandContext(
            new PrintWriter(out, true), new PrintWriter(err, true), Settings.load(null, Map.of()));
    RepeatedQuery.until(ended, commandContext, Duration.ZERO, ask, shown::add);
  }

  private static Supplier<String> failing(String why) {
    return () -> {
      throw UserError.failed(why);
    };
  }

  @Test
  void everyLookIsShownUntilTheSignal() throws InterruptedException {
    watch(new StringWriter(), looks(List.of(() -> "1", () -> "2", () -> "3")));

    assertThat(shown).containsExactly("1", "2", "3");
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void troubleAfterAGoodLookIsSaidOnceAndTriedAgain() throws InterruptedException {
    watch(
        new StringWriter(),
        looks(
            List.of(
                () -> "1",
                failing("x: gone"),
                failing("x: gone"),
                () -> "2",
                failing("x: gone"),
                () -> "3")));

    assertThat(shown).containsExactly("1", "2", "3");
    assertThat(err.toString().lines())
        .containsExactly("holdfast: x: gone (trying again)", "holdfast: x: gone (trying again)");
  }

  @Test
  void firstLookThatFailsIsAFailure() {
    assertThatThrownBy(() -> watch(new StringWriter(), failing("x: nobody")))
        .isInstanceOf(UserError.class)
        .hasMessage("x: nobody");
  }

  @Test
  void signalDuringALookThatHangsEndsItWell() throws InterruptedException {
    watch(new StringWriter(), looks(List.of(() -> "1", failing("x: CANCELLED"))));

    assertThat(shown).containsExactly("1");
    assertThat(err.toString()).isEmpty();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void interruptionBySomebodyElseIsPassedOn() {
    assertThatThrownBy(
            () ->
                watch(
                    new StringWriter(),
                    () -> {
                      Thread.currentThread().interrupt();
                      return "1";
                    }))
        .isInstanceOf(InterruptedException.class);
  }

  @Test
  void endsWhenNobodyReadsAnyMore() throws InterruptedException {
    watch(new ClosedPipe(), () -> "1");

    assertThat(shown).containsExactly("1");
  }

  private static final class ClosedPipe extends Writer {
    @Override
    public void write(char[] chars, int offset, int length) throws java.io.IOException {
      throw new java.io.IOException("Broken pipe");
    }

    @Override
    public void flush() throws java.io.IOException {
      throw new java.io.IOException("Broken pipe");
    }

    @Override
    public void close() {}
  }
}
