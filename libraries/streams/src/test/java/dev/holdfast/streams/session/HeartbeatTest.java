package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A stream on which nothing happens, over a path that wants something to happen. */
class HeartbeatTest {
  private static final SessionId ID = new SessionId(1, 2);
  private static final Duration BEAT = Duration.ofSeconds(20);

  private final ClientSession session =
      new ClientSession(
          ID,
          SessionOptions.DEFAULT.withTiming(
              SessionOptions.DEFAULT
                  .timing()
                  .withHeartbeat(BEAT, BEAT.multipliedBy(2), BEAT.multipliedBy(3))),
          SessionRules.STANDARD,
          new Random(1));

  @Test
  void aHeartbeatAsksForAnAnswerSoThatOneSideWhoKnowsThePathKeepsBothDirections() {
    StreamAttachment attachment = attach();
    long beatNanos = BEAT.toNanos();
    assertThat(session.nextDeadlineNanos()).hasValue(beatNanos);

    session.onTimeout(beatNanos);

    FrameHeader header = onlyFrame(beatNanos);
    assertThat(header.seq()).isZero();
    assertThat(header.probe()).isPositive();
    assertThat(header.has(Flag.ECHO)).isFalse();
    session.onFrame(
        beatNanos + 1,
        attachment,
        new FrameHeader(attachment.tag(), 0, 0, 0, Flag.ECHO, 0, 0, header.probe()),
        Payload.EMPTY);
    session.onTimeout(2 * beatNanos);
    assertThat(session.state()).isEqualTo(SessionState.ATTACHED);
    assertThat(onlyFrame(2 * beatNanos).probe()).isGreaterThan(header.probe());
  }

  @Test
  void heartbeatsThatNobodyAnswersMakeTheAttachmentSuspect() {
    attach();
    session.onTimeout(BEAT.toNanos());
    var unused = outputs(BEAT.toNanos());
    session.onTimeout(2 * BEAT.toNanos());
    assertThat(session.state()).isEqualTo(SessionState.SUSPECT);
  }

  private StreamAttachment attach() {
    session.start(0, Duration.ZERO, ClientSession.Peer.UNKNOWN);
    StreamAttachment first = ((SessionOutput.StartCall) outputs(0).get(0)).attachment();
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
    assertThat(outputs(0)).isEmpty();
    return first;
  }

  private FrameHeader onlyFrame(long nowNanos) {
    List<SessionOutput> all = outputs(nowNanos);
    assertThat(all).singleElement().isInstanceOf(SessionOutput.Send.class);
    return Objects.requireNonNull(((SessionOutput.Send) all.get(0)).header());
  }

  private List<SessionOutput> outputs(long nowNanos) {
    List<SessionOutput> all = new ArrayList<>();
    SessionOutput next = session.poll(nowNanos);
    while (next != null) {
      if (!(next instanceof SessionOutput.Request)) {
        all.add(next);
      }
      next = session.poll(nowNanos);
    }
    return all;
  }
}
