package dev.holdfast.streams.grpc.internal.driver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.SystemScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Turns whose attempts are begun, welcomed and given up by several threads. */
class ChannelResumeLimiterTest {
  private static final int PATIENCE_SECONDS = 60;

  private final ChannelResumeLimiter pace = new ChannelResumeLimiter(SystemScheduler.shared());
  private final List<String> begun = new ArrayList<>();

  @Test
  void aWelcomeThatComesBeforeAskReturnsMakesRoomForTheNext() {
    List<ChannelResumeLimiter.QueuedResume> first = new ArrayList<>();
    first.add(
        pace.turn(
            "",
            () -> {
              begun.add("first");
              first.get(0).onWelcome();
            }));
    first.get(0).ask();
    pace.turn("", () -> begun.add("second")).ask();

    assertThat(begun).containsExactly("first", "second");
  }

  @Test
  void aWelcomeWakesWhoWaitsForThatServerOrForAny() {
    pace.pause("a", "10.0.0.1:1", () -> begun.add("a"));
    pace.pause("b", "10.0.0.2:1", () -> begun.add("b"));
    pace.pause("c", "", () -> begun.add("c"));
    pace.pause("d", "10.0.0.1:1", () -> begun.add("d"));
    pace.endPause("d");

    pace.onWelcome("10.0.0.1:1");
    assertThat(begun).containsExactly("a", "c");
    pace.onWelcome("10.0.0.1:1");
    assertThat(begun).as("each once").hasSize(2);
    pace.onWelcome("10.0.0.2:1");
    assertThat(begun).containsExactly("a", "c", "b");
  }

  @Test
  void oneThatFailsToWakeKeepsNoOtherAsleep() {
    pace.pause(
        "a",
        "",
        () -> {
          throw new IllegalStateException("meant");
        });
    pace.pause("b", "", () -> begun.add("b"));

    pace.onWelcome("");

    assertThat(begun).containsExactly("b");
  }

  @Test
  void aServerThatDoesNotAnswerHoldsBackItsOwnSessionsOnly() {
    pace.turn("10.0.0.1:1", () -> begun.add("silent")).ask();
    pace.turn("10.0.0.1:1", () -> begun.add("behind it")).ask();
    ChannelResumeLimiter.QueuedResume other = pace.turn("10.0.0.2:1", () -> begun.add("other"));
    other.ask();
    pace.turn("10.0.0.2:1", () -> begun.add("behind the other")).ask();
    assertThat(begun).containsExactly("silent", "other");

    other.onWelcome();

    assertThat(begun).containsExactly("silent", "other", "behind the other");
  }

  @Test
  void aServerWithoutAttemptsIsForgotten() {
    ChannelResumeLimiter.QueuedResume first = pace.turn("10.0.0.1:1", () -> begun.add("first"));
    ChannelResumeLimiter.QueuedResume second = pace.turn("10.0.0.2:1", () -> begun.add("second"));
    ChannelResumeLimiter.QueuedResume waits = pace.turn("10.0.0.2:1", () -> begun.add("waits"));
    first.ask();
    second.ask();
    waits.ask();
    assertThat(pace.servers()).isEqualTo(2);

    first.onWelcome();
    assertThat(pace.servers()).isEqualTo(1);
    waits.onOver();
    assertThat(pace.servers()).as("one is still under way").isEqualTo(1);
    second.onOver();
    first.onOver();
    assertThat(pace.servers()).isZero();
    assertThat(begun).containsExactly("first", "second");
  }

  /** Its interceptors may block, and that thread keeps leases. */
  @Test
  void noneBeginsOnTheThreadOfAScheduler() throws Exception {
    ChannelResumeLimiter.QueuedResume first = pace.turn("", () -> begun.add("first"));
    first.ask();
    CompletableFuture<Boolean> onScheduler = new CompletableFuture<>();
    pace.turn("", () -> onScheduler.complete(OffloadExecutor.isSchedulerThread())).ask();
    assertThat(onScheduler).isNotDone();

    SystemScheduler.shared().execute(first::onWelcome);

    assertThat(onScheduler.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void oneThatIsGivenUpBeforeItAsksNeverBegins() {
    ChannelResumeLimiter.QueuedResume first = pace.turn("", () -> begun.add("first"));
    first.onOver();
    first.ask();
    pace.turn("", () -> begun.add("second")).ask();

    assertThat(begun).containsExactly("second");
  }

  @Test
  void oneThatFailsToBeginMakesRoomWhenItIsOver() {
    ChannelResumeLimiter.QueuedResume first =
        pace.turn(
            "",
            () -> {
              throw new IllegalStateException("meant");
            });
    first.ask();
    pace.turn("", () -> begun.add("second")).ask();
    assertThat(begun).isEmpty();

    first.onOver();
    assertThat(begun).containsExactly("second");
  }
}
