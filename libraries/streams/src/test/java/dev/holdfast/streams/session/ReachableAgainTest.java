package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that waits between two attempts, and hears that its server welcomes others. */
class ReachableAgainTest {
  private static final SessionId ID = new SessionId(1, 2);
  private static final SessionTokenIssuer ISSUER = new SessionTokenIssuer(new byte[16]);
  private static final int FAILURES = 12;
  private static final long LONG_NANOS = AttachmentSchedule.LEAST_PAUSE.multipliedBy(2).toNanos();

  private final List<StreamAttachment> opened = new ArrayList<>();
  private long now;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theNextAttemptComesTwoSecondsAfterTheLastFailure(long seed) {
    ClientSession session = afterAnOutage(seed);
    long failedAt = now;
    now += Duration.ofMillis(700).toNanos();

    session.onReachable(now);
    drain(session);

    assertThat(due(session)).isEqualTo(failedAt + AttachmentSchedule.LEAST_PAUSE.toNanos());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void afterThatTimeItComesAtOnce(long seed) {
    ClientSession session = afterAnOutage(seed);
    int tried = opened.size();
    now += AttachmentSchedule.LEAST_PAUSE.toNanos();

    session.onReachable(now);
    drain(session);

    assertThat(opened).hasSize(tried + 1);
    session.onReachable(now);
    drain(session);
    assertThat(opened).as("one attempt at a time").hasSize(tried + 1);
  }

  /** The server's own wish outlasts what others are told. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void aServerThatIsBusyIsLeftAloneForTheTimeItAskedFor(long seed) {
    ClientSession session = afterAnOutage(seed);
    now = due(session);
    session.onTimeout(now);
    drain(session);
    session.onRefused(now, newest(), HandshakeRefusal.busy(9_000));
    drain(session);

    session.onReachable(now);
    drain(session);

    assertThat(due(session)).isEqualTo(now + Duration.ofSeconds(9).toNanos());
  }

  /** A session whose attempts came to nothing for so long that its delays are long. */
  private ClientSession afterAnOutage(long seed) {
    ClientSession session =
        new ClientSession(
            ID, SessionOptions.DEFAULT, SessionRules.STANDARD, new SplittableRandom(seed));
    session.start(now, Duration.ZERO, ClientSession.Peer.HOLDFAST);
    drain(session);
    session.onWelcome(
        now,
        newest(),
        new Welcome(ISSUER.issue(ID, "p", "m", ""), 0, 1, 256, 3_600_000, 16, 50, 0));
    drain(session);
    for (int i = 0; i < FAILURES || due(session) - now < LONG_NANOS; i++) {
      int tried = opened.size();
      while (i > 0 && opened.size() == tried) {
        now = session.nextDeadlineNanos().orElseThrow();
        session.onTimeout(now);
        drain(session);
      }
      session.onClosed(now, newest(), CallClosure.unreached());
      drain(session);
    }
    return session;
  }

  /** When the next attempt is due, with what else is due before. */
  private long due(ClientSession session) {
    return session.nextDeadlineNanos().orElseThrow();
  }

  private StreamAttachment newest() {
    return opened.get(opened.size() - 1);
  }

  private void drain(ClientSession session) {
    for (SessionOutput out = session.poll(now); out != null; out = session.poll(now)) {
      if (out instanceof SessionOutput.StartCall start) {
        opened.add(start.attachment());
      }
    }
  }
}
