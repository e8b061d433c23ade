package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.internal.Handshake;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The tables of docs/duplex-v1.md that say how a client behaves, beside what this one does. */
class DocumentedConstantsTest {
  private static final SessionOptions OPTIONS = SessionOptions.DEFAULT;
  private static final SessionOptions.Timing TIMING = OPTIONS.timing();

  /** Before the first attempt and after the end there is nothing to say. */
  private static final Set<SessionState> UNSAID =
      EnumSet.of(SessionState.NEW, SessionState.LOST, SessionState.CLOSED);

  private final DuplexDocument document = DuplexDocument.read();

  DocumentedConstantsTest() throws IOException {}

  @Test
  void countsAreThoseOfTheDocument() {
    Map<String, String> expected =
        Map.of(
            "positions before the first welcome",
            "" + Handshake.INITIAL_CREDIT,
            "redirections in a row",
            "" + AttachmentSchedule.MAX_MOVES,
            "resets, connections at one message",
            "%d, %d"
                .formatted(
                    PoisonMessageDetector.TOO_MUCH / PoisonMessageDetector.STREAM_WEIGHT,
                    PoisonMessageDetector.TOO_MUCH / PoisonMessageDetector.CONNECTION_WEIGHT),
            "ack after",
            "%d messages, %d KiB, %d ms"
                .formatted(
                    OPTIONS.ackEvery(), OPTIONS.ackBytes() >> 10, TIMING.ackDelay().toMillis()),
            "the most that a welcome can ask for",
            String.format(
                Locale.ROOT, "%,d messages, %s", AckPolicy.MAX_EVERY, seconds(AckPolicy.MAX_DELAY)),
            "ack by itself while messages are answered",
            (OPTIONS.answeredAckBytes() >> 20) + " MiB",
            "credit",
            "%d messages, %d MiB, at least %d messages"
                .formatted(
                    OPTIONS.receiveMessages(),
                    OPTIONS.receiveBytes() >> 20,
                    ReceiveBuffer.LEAST_WINDOW));

    assertThat(document.constants()).containsAllEntriesOf(expected);
  }

  @Test
  void timesAreThoseOfTheDocument() {
    long handshake = TIMING.handshake().toSeconds();
    Map<String, String> expected =
        Map.of(
            "time of a handshake",
            "%d s; %d s, %d s after one, two silences of a resume"
                .formatted(
                    handshake,
                    2 * handshake,
                    handshake << AttachmentSchedule.MAX_PATIENCE_DOUBLINGS),
            "silence before a peer is doubted",
            seconds(TIMING.assumePlain()),
            "delay",
            "random(0, min(%s, %d ms * 2^n)) + random(0, spread)"
                .formatted(seconds(TIMING.backoff().cap()), TIMING.backoff().base().toMillis()),
            "TTL",
            TIMING.ttl().toMinutes() + " min, as the welcome says",
            "acks awaited while nothing is read",
            "%s, then twice as long each time, at most %s"
                .formatted(
                    seconds(InboundFlowControl.FIRST_PATIENCE),
                    seconds(InboundFlowControl.LONGEST_PATIENCE)),
            "heartbeat, suspect, rotate",
            offByDefault(),
            "race, dead",
            seconds(TIMING.race()) + ", " + seconds(TIMING.dead()),
            "milliseconds in a handshake",
            Duration.ofMillis(Handshake.MAX_MILLIS).toDays() + " days");

    assertThat(document.constants()).containsAllEntriesOf(expected);
  }

  @Test
  void statesAreThoseOfTheDocument() {
    assertThat(document.clientStates())
        .containsExactlyElementsOf(
            EnumSet.complementOf(EnumSet.copyOf(UNSAID)).stream().map(Enum::name).toList());
  }

  private static String offByDefault() {
    boolean off =
        TIMING.heartbeat().isZero() && TIMING.suspect().isZero() && TIMING.rotate().isZero();
    return off ? "off" : "on";
  }

  private static String seconds(Duration time) {
    return time.toSeconds() + " s";
  }
}
