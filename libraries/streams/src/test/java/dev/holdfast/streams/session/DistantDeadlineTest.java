package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.WireException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Times beyond the 100 days that a handshake can say. */
class DistantDeadlineTest extends ClientSessionFixture {
  private static final Duration MOST = Duration.ofDays(100);

  @ParameterizedTest
  @ValueSource(longs = {101, 365, 36_500, 100_000})
  void aDeadlineTooFarAwayForAHelloIsSaidByALaterOne(long days) throws WireException {
    session.start(now, Duration.ofDays(days), ClientSession.Peer.HOLDFAST);
    drain();
    StreamAttachment first = nextAttachment();
    assertThat(said().remainingMillis()).isZero();
    session.onWelcome(now, first, welcome(0, 1));

    now += Duration.ofDays(days).minus(MOST).toNanos();
    cut(first);
    nextAttachment();

    assertThat(said().remainingMillis())
        .isBetween(MOST.minusMinutes(1).toMillis(), MOST.toMillis());
  }

  @Test
  void itEndsTheSessionWhenItIsThere() {
    session.start(now, Duration.ofDays(365), ClientSession.Peer.HOLDFAST);
    drain();
    session.onWelcome(now, nextAttachment(), welcome(0, 1));
    pass(Duration.ofDays(365).minusMillis(1));
    assertThat(session.end()).isNull();

    pass(Duration.ofMillis(1));

    assertThat(end().kind()).isEqualTo(SessionEndKind.DEADLINE);
  }

  /** A plain server may be silent for as long as it likes, and its stream may be cut after that. */
  @Test
  void anAgeOfMoreThanThatIsSaidAsTheMostThereIs() throws WireException {
    session.start(now, Duration.ZERO, ClientSession.Peer.UNKNOWN);
    offer(1);
    StreamAttachment first = nextAttachment();
    now += Duration.ofDays(400).toNanos();
    session.onRefused(now, first, HandshakeRefusal.of(HandshakeRefusal.RefusalCode.FENCED));
    drain();
    nextAttachment();

    assertThat(said().ageMillis()).isEqualTo(MOST.toMillis());
  }

  @Test
  void timesThatAWelcomeCanNotSayAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SessionOptions.Timing.DEFAULT.withTtl(MOST.plusMillis(1)))
        .withMessage("ttl: PT2400H0.001S (expected: <= 100 days)");
  }

  /** As a server reads it. */
  private Hello said() throws WireException {
    return Hello.parse(opened().get(opened().size() - 1).hello().toByteArray());
  }
}
