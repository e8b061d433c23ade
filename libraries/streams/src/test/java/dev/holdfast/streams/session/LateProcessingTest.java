package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** An application is told the end while it still has messages in its hands. */
class LateProcessingTest {
  private static final SessionId ID = new SessionId(1, 2);
  private static final long A_SECOND = Duration.ofSeconds(1).toNanos();

  @Test
  void whatIsProcessedAfterTheFinalStatusIsStillAcknowledged() {
    ClientSession session =
        new ClientSession(ID, SessionOptions.DEFAULT, SessionRules.STANDARD, new Random(1));
    session.start(0, Duration.ZERO, ClientSession.Peer.UNKNOWN);
    session.request(1);
    StreamAttachment first = ((SessionOutput.StartCall) outputs(session, 0).get(0)).attachment();
    session.onWelcome(
        0,
        first,
        new Welcome(
            new SessionTokenIssuer(new byte[32]).issue(ID, "", "m", ""),
            0,
            1,
            100,
            60_000,
            16,
            50,
            0));
    long tag = first.tag();
    session.onFrame(
        0, first, new FrameHeader(tag, 1, 0, 0, 0, 0, 0, 0), Payload.of(new byte[] {1}));
    session.onFrame(0, first, new FrameHeader(tag, 2, 0, 0, Flag.FINAL, 0, 0, 0), Payload.EMPTY);
    assertThat(outputs(session, 0))
        .anyMatch(SessionOutput.Deliver.class::isInstance)
        .anyMatch(SessionOutput.Ended.class::isInstance);

    session.processed(A_SECOND, 1);
    session.onTimeout(2 * A_SECOND);

    assertThat(outputs(session, 2 * A_SECOND))
        .filteredOn(SessionOutput.Send.class::isInstance)
        .map(SessionOutput.Send.class::cast)
        .anyMatch(send -> send.header() != null && send.header().ack() == 2);
  }

  private static List<SessionOutput> outputs(ClientSession session, long nowNanos) {
    List<SessionOutput> all = new ArrayList<>();
    SessionOutput next = session.poll(nowNanos);
    while (next != null) {
      all.add(next);
      next = session.poll(nowNanos);
    }
    return all;
  }
}
