package dev.holdfast.duplex.conformance.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.duplex.conformance.wire.WireFrame;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeerEventsTest {
  private static final PeerEvent.Ended ENDED =
      new PeerEvent.Ended(Status.CANCELLED, new Metadata(), List.of());

  private final PeerEvents events = new PeerEvents("call");

  /**
   * A client may give up an attachment whose welcome came late, before or after its first frame.
   */
  @Test
  void frameBeforeTheEndIsFoundAmongOthers() throws InterruptedException {
    events.add(frame(WireFrame.of(1).withAck(1)));
    events.add(frame(WireFrame.of(1).withProbe(7).withFlags(WireFrame.ECHO)));
    events.add(ENDED);

    assertThat(events.frameBeforeEnd(each -> each.has(WireFrame.ECHO))).isTrue();
    assertThat(events.frameBeforeEnd(each -> each.has(WireFrame.ECHO))).isFalse();
  }

  @Test
  void frameOfAnotherKindIsNotTheOneBeforeTheEnd() throws InterruptedException {
    events.add(frame(WireFrame.of(1).withAck(1)));
    events.add(ENDED);

    assertThat(events.frameBeforeEnd(each -> each.has(WireFrame.ECHO))).isFalse();
  }

  private static PeerEvent frame(WireFrame frame) {
    return new PeerEvent.Message(frame.encode());
  }
}
