package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client whose owners hand its session over. */
class ClientHandoverTest extends ClientSessionFixture {
  @Test
  void whatTheOldOwnerSaysBehindItsLastWordIsNotDelivered() {
    StreamAttachment old = welcomed();
    handOver(old, 1, 1);
    StreamAttachment next = nextAttachment();

    message(old, 2);
    session.onWelcome(now, next, welcome(0, 2));
    drain();

    assertThat(delivered()).isEmpty();
    message(next, 2);
    assertThat(delivered()).containsExactly(2L);
  }

  /** A reset may overtake the ack of the last word, for which the old owner's drain waits. */
  @Test
  void callOfTheOldOwnerIsHalfClosedAndNotResetWhenTheNextOneHasWelcomed() {
    StreamAttachment old = welcomed();
    handOver(old, 1, 1);
    StreamAttachment next = nextAttachment();
    session.onWelcome(now, next, welcome(0, 2));
    drain();

    assertThat(outputs)
        .filteredOn(SessionOutput.EndCall.class::isInstance)
        .containsExactly(new SessionOutput.EndCall(old, AttachmentCloseReason.DONE));
  }

  @Test
  void lastWordsThatFollowEachOtherAreBothProcessedWithTheMessageBeforeThem() {
    StreamAttachment old = welcomed();
    message(old, 1);
    handOver(old, 2, 1);
    StreamAttachment second = nextAttachment();
    session.onWelcome(now, second, welcome(0, 3));
    drain();
    handOver(second, 3, 2);
    assertThat(opened()).as("the application has the message in hand").hasSize(2);

    session.processed(now, 1);
    drain();

    StreamAttachment third = nextAttachment();
    assertThat(opened()).hasSize(3);
    assertThat(opened().get(2).handover().position()).isEqualTo(3);
    assertThat(opened().get(2).hello().watermark()).isEqualTo(3);
    assertThat(headers()).anyMatch(header -> header.tag() == second.tag() && header.ack() == 3);
    assertThat(third).isNotSameAs(second);
  }

  @Test
  void applicationThatHasCancelledIsNotToldOfARestart() {
    session.acceptRestart();
    session.start(now, Duration.ZERO, ClientSession.Peer.HOLDFAST, MethodKind.SERVER_STREAMING);
    offer(1);
    session.halfClose();
    StreamAttachment old = nextAttachment();
    session.request(9);
    session.onWelcome(now, old, welcome(0, 1));
    drain();
    message(old, 1);
    handOver(old, SessionHandover.restart(2, 1));
    StreamAttachment next = nextAttachment();

    session.cancel(now);
    session.onWelcome(now, next, welcome(0, 3));
    drain();

    assertThat(opened().get(1).handover().restarts()).isTrue();
    assertThat(outputs).noneMatch(SessionOutput.Restarted.class::isInstance);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        CallClosure.PERMISSION_DENIED,
        CallClosure.RESOURCE_EXHAUSTED,
        CallClosure.UNIMPLEMENTED,
        CallClosure.UNAUTHENTICATED
      })
  void endOfTheOldOwnersCallIsNoEndOfASessionThatIsHandedOver(int status) {
    StreamAttachment old = welcomed();
    handOver(old, 1, 1);
    StreamAttachment next = nextAttachment();

    end(old, CallClosure.status(status, Payload.EMPTY));
    assertThat(session.end()).isNull();

    session.onWelcome(now, next, welcome(0, 2));
    drain();
    message(next, 2);
    assertThat(delivered()).containsExactly(2L);
  }

  @Test
  void endOfTheOldOwnersCallIsNoEndWhileAMessageBeforeTheHandoverIsUnread() {
    StreamAttachment old = start(ClientSession.Peer.HOLDFAST);
    session.onWelcome(now, old, welcome(0, 1));
    drain();
    message(old, 1);
    handOver(old, 2, 1);

    end(old, CallClosure.status(CallClosure.PERMISSION_DENIED, Payload.EMPTY));
    assertThat(session.end()).isNull();
    StreamAttachment again = nextAttachment();
    assertThat(again).isNotSameAs(old);

    session.request(1);
    drain();
    StreamAttachment next = nextAttachment();
    assertThat(next).isNotSameAs(again);
    assertThat(delivered()).containsExactly(1L);
    assertThat(opened().get(opened().size() - 1).handover().position()).isEqualTo(2);
  }

  @Test
  void thirdResetIsNoEndOfASessionThatIsHandedOver() {
    CallClosure reset = CallClosure.stream(2);
    StreamAttachment old = welcomed();
    offer(1);
    for (int i = 0; i < 2; i++) {
      end(old, reset);
      old = nextAttachment();
      session.onWelcome(now, old, welcome(0, 1));
      drain();
    }
    handOver(old, 1, 1);
    StreamAttachment next = nextAttachment();

    end(old, reset);
    assertThat(session.end()).isNull();

    session.onWelcome(now, next, welcome(0, 2));
    drain();
    assertThat(headers()).anyMatch(header -> header.tag() == next.tag() && header.seq() == 1);
  }

  private void end(StreamAttachment attachment, CallClosure how) {
    session.onClosed(now, attachment, how);
    drain();
  }

  private StreamAttachment welcomed() {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    session.request(9);
    session.onWelcome(now, first, welcome(0, 1));
    drain();
    return first;
  }

  private void message(StreamAttachment on, long seq) {
    session.onFrame(now, on, new FrameHeader(on.tag(), seq, 0, 0, 0, 0, 0, 0), BODY);
    drain();
  }

  private void handOver(StreamAttachment on, long position, long moves) {
    handOver(on, SessionHandover.of(position, 0, moves, false, false, new byte[] {4}));
  }

  private void handOver(StreamAttachment on, SessionHandover handover) {
    byte[] body =
        new SessionTokenIssuer(new byte[16])
            .seal(handover, new SessionId(1, 2), "p", "m")
            .toByteArray();
    int flags = Flag.FINAL | Flag.MOVED;
    int unavailable = CallClosure.UNAVAILABLE;
    session.onFrame(
        now,
        on,
        new FrameHeader(on.tag(), handover.position(), 0, 0, flags, 0, unavailable, 0),
        Payload.of(body));
    drain();
  }

  private List<Long> delivered() {
    return outputs.stream()
        .filter(SessionOutput.Deliver.class::isInstance)
        .map(output -> ((SessionOutput.Deliver) output).seq())
        .toList();
  }
}
