package dev.holdfast.streams.grpc.internal.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.SystemScheduler;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.session.ClientSession;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.SessionRules;
import dev.holdfast.streams.wire.SessionId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A session whose outputs fail goes on. */
class SessionDriverTest {
  private final ClientSession session =
      new ClientSession(
          new SessionId(1, 2),
          SessionOptions.DEFAULT,
          SessionRules.STANDARD,
          new SplittableRandom(1));
  private final Failing shell = new Failing();
  private final SessionDriver<ClientSession> driver =
      new SessionDriver<>(session, SystemScheduler.shared(), shell);

  @AfterEach
  void close() {
    driver.input((ended, now) -> ended.abandon());
  }

  @Test
  void afterAnOutputThatFailedTheOthersAreActedOn() {
    offerThree();
    shell.failures.add(new IllegalStateException("meant"));
    begin();

    assertThat(shell.failures).isEmpty();
    assertThat(shell.sent).hasSize(3);
  }

  @Test
  void afterAnErrorTheNextInputActsForTheSession() {
    offerThree();
    shell.failures.add(new AssertionError("meant"));
    assertThatThrownBy(this::begin).isInstanceOf(AssertionError.class);
    assertThat(shell.sent).isEmpty();

    driver.drive();

    assertThat(shell.sent).hasSize(3);
  }

  private void offerThree() {
    for (int i = 0; i < 3; i++) {
      driver.locked(offered -> offered.offer(Payload.EMPTY));
    }
  }

  /** First the attachment is opened, which fails, and then everything is written to it. */
  private void begin() {
    driver.input((started, now) -> started.start(now, Duration.ZERO, ClientSession.Peer.PLAIN));
  }

  private static final class Failing implements SessionDriver.Shell {
    private final Deque<Throwable> failures = new ArrayDeque<>();
    private final List<SessionOutput> sent = new ArrayList<>();

    @Override
    public void act(SessionOutput output) {
      Throwable failure = failures.poll();
      if (failure instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (failure instanceof Error error) {
        throw error;
      }
      if (output instanceof SessionOutput.Send) {
        sent.add(output);
      }
    }

    @Override
    public void onOver() {
      // The end of a test.
    }
  }
}
