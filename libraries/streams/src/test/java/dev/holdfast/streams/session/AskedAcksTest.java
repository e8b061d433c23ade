package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.session.SessionTable.Admission;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Acks of a client whose server asks for them more often, or less often, than its own options. */
class AskedAcksTest extends ClientSessionFixture {
  private static final int OWN_EVERY = SessionOptions.DEFAULT.ackEvery();
  private static final long OWN_DELAY_MILLIS =
      SessionOptions.DEFAULT.timing().ackDelay().toMillis();
  private static final Caller CALLER = new Caller("device", "test.Devices/Talk");

  private StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
  private long received;

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 40})
  void anAckFollowsAsManyMessagesAsTheServerAskedFor(int every) {
    begin(every, OWN_DELAY_MILLIS);
    for (int i = 1; i <= 2 * every; i++) {
      process();
      assertThat(acked()).as("after %d", i).isEqualTo((long) i / every * every);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 20, 400})
  void anAckFollowsInTheTimeThatTheServerAskedFor(long delayMillis) {
    begin(OWN_EVERY, delayMillis);
    process();
    pass(Duration.ofMillis(delayMillis).minusNanos(1));
    assertThat(acked()).isZero();
    pass(Duration.ofNanos(1));
    assertThat(acked()).isEqualTo(1);
  }

  @Test
  void aServerThatAsksForNothingLeavesItToTheOptionsOfTheClient() {
    begin(0, 0);
    for (int i = 1; i <= OWN_EVERY; i++) {
      process();
      assertThat(acked()).as("after %d", i).isEqualTo((long) i / OWN_EVERY * OWN_EVERY);
    }
    process();
    pass(Duration.ofMillis(OWN_DELAY_MILLIS).minusNanos(1));
    assertThat(acked()).isEqualTo(OWN_EVERY);
    pass(Duration.ofNanos(1));
    assertThat(acked()).isEqualTo(OWN_EVERY + 1);
  }

  @ParameterizedTest
  @CsvSource({"2, 20, 5, 300", "5, 300, 2, 20", "5, 300, 0, 0"})
  void theNewestWelcomeCounts(int every, long delayMillis, int newEvery, long newDelayMillis) {
    begin(every, delayMillis);
    process();
    cut(attachment);
    attachment = nextAttachment();
    begin(newEvery, newDelayMillis);
    outputs.clear();

    process();
    pass(Duration.ofMillis(newDelayMillis == 0 ? OWN_DELAY_MILLIS : newDelayMillis).minusNanos(1));
    assertThat(acked()).isZero();
    pass(Duration.ofNanos(1));
    assertThat(acked()).isEqualTo(2);

    int expected = newEvery == 0 ? OWN_EVERY : newEvery;
    for (int i = 1; i <= expected; i++) {
      assertThat(acked()).as("%d after the last ack", i - 1).isEqualTo(2);
      process();
    }
    assertThat(acked()).isEqualTo(2 + expected);
  }

  @Test
  void whatWasProcessedBeforeTheNewWelcomeIsAcknowledgedAsItAsks() {
    begin(OWN_EVERY, 9_000);
    receive();
    session.onDrain(now, attachment);
    drain();
    StreamAttachment successor = nextAttachment();
    session.processed(now, received);
    drain();
    attachment = successor;
    begin(OWN_EVERY, 20);
    outputs.clear();

    pass(Duration.ofMillis(20));

    assertThat(acked()).isEqualTo(1);
  }

  @Test
  void noServerCanHaveAcksPutOffForEver() {
    begin(Integer.MAX_VALUE, Duration.ofDays(100).toMillis());
    for (int i = 0; i < 100; i++) {
      process();
    }
    assertThat(acked()).isZero();
    pass(AckPolicy.MAX_DELAY);
    assertThat(acked()).isEqualTo(100);

    AckPolicy own = AckPolicy.of(SessionOptions.DEFAULT);
    Welcome odd = asking(Integer.MAX_VALUE, Duration.ofDays(100).toMillis());
    assertThat(own.orAsked(odd)).isEqualTo(new AckPolicy(AckPolicy.MAX_EVERY, AckPolicy.MAX_DELAY));
  }

  @Test
  void whoMayNotSendOnAsksWhereTheServerAcknowledgesSoMuchOnlyLater() {
    SessionOptions fewer = SessionOptions.DEFAULT.withSendBuffer(OWN_EVERY + 4, 1 << 20);
    assertThat(probesOfWhoIsStopped(fewer, OWN_EVERY)).isZero();
    assertThat(probesOfWhoIsStopped(fewer, 4 * OWN_EVERY)).isEqualTo(1);
  }

  private long probesOfWhoIsStopped(SessionOptions options, int every) {
    session = session(options);
    outputs.clear();
    attachment = start(ClientSession.Peer.HOLDFAST);
    begin(every, OWN_DELAY_MILLIS);
    offer(options.sendMessages());
    return headers().stream().filter(header -> header.probe() != 0).count();
  }

  @ParameterizedTest
  @CsvSource({"7, PT0.3S, 300", "1, PT0.0005S, 1", "65536, P100D, 8640000000"})
  void aServerAsksForWhatItsOptionsSay(int every, Duration delay, long delayMillis) {
    SessionOptions options =
        SessionOptions.DEFAULT
            .withAckEvery(every)
            .withTiming(SessionOptions.Timing.DEFAULT.withAckDelay(delay));
    SessionTable sessions =
        new SessionTable(
            new SessionTable.ServerIdentity("this start", "a:1", 100),
            new SessionTokenIssuer(new byte[16]),
            options,
            SessionRules.STANDARD,
            new SplittableRandom(3));
    Hello hello = new Hello(new SessionId(1, 1), 1, 7, 0, 1, 9, 0, true, SessionToken.NONE);
    Admission admission = sessions.onHello(now, new StreamAttachment(1, 7, now), hello, CALLER);

    SessionOutput first =
        Objects.requireNonNull(((Admission.Admitted) admission).session().poll(now));
    assertThat(first).isInstanceOf(SessionOutput.Accept.class);
    Welcome welcome = ((SessionOutput.Accept) first).welcome();
    assertThat(welcome.ackEvery()).isEqualTo(every);
    assertThat(welcome.ackDelayMillis()).isEqualTo(delayMillis);
  }

  private static Welcome asking(int every, long delayMillis) {
    Welcome usual = welcome(0, 1);
    return new Welcome(
        usual.token(), 0, 1, usual.credit(), usual.ttlMillis(), every, delayMillis, 0);
  }

  private void begin(int every, long delayMillis) {
    session.onWelcome(now, attachment, asking(every, delayMillis));
    session.request(1_000);
    drain();
  }

  private void process() {
    receive();
    session.processed(now, received);
    drain();
  }

  private void receive() {
    received++;
    FrameHeader header = new FrameHeader(attachment.tag(), received, 0, 0, 0, 0, 0, 0);
    session.onFrame(now, attachment, header, Payload.EMPTY);
    drain();
  }

  private long acked() {
    return headers().stream().mapToLong(FrameHeader::ack).max().orElse(0);
  }
}
