package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A message that the peer's application leaves unprocessed while attachments come and go. */
class PausedConsumerTest extends ClientSessionFixture {
  private static final int MANY = 40;

  @ParameterizedTest
  @EnumSource(
      value = CallClosure.ClosureScope.class,
      names = {"CONNECTION", "STREAM"})
  void aMessageThatArrivedBrokeNothing(CallClosure.ClosureScope closureScope) {
    StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
    offer(1);
    for (int i = 0; i < MANY; i++) {
      session.onWelcome(now, attachment, welcome(0, 1));
      drain();
      answerProbe(attachment);
      session.onClosed(now, attachment, new CallClosure(closureScope, 13, Payload.EMPTY));
      drain();
      assertThat(session.end()).isNull();
      attachment = nextAttachment();
    }
  }

  /** Three resets in a row end the stream; the one whose message arrived is none of them. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void resetsCountAnewAfterAMessageThatArrived(int after) {
    StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
    offer(1);
    for (int i = 0; i < 2 + 1 + after; i++) {
      assertThat(session.end()).isNull();
      attachment = i == 0 ? attachment : nextAttachment();
      session.onWelcome(now, attachment, welcome(0, 1));
      drain();
      if (i == 2) {
        answerProbe(attachment);
      }
      session.onClosed(
          now, attachment, new CallClosure(CallClosure.ClosureScope.STREAM, 13, Payload.EMPTY));
      drain();
    }

    assertThat(session.end() != null).isEqualTo(after == 3);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 200})
  void theSuspectItselfCarriesTheQuestion(int messages) {
    StreamAttachment first = start(ClientSession.Peer.HOLDFAST);
    offer(messages);
    session.onWelcome(now, first, welcome(0, 1));
    cut(first);
    StreamAttachment second = nextAttachment();
    outputs.clear();
    session.onWelcome(now, second, welcome(0, 1));
    drain();

    List<FrameHeader> headers = headers(second);
    assertThat(headers.get(0).seq()).isEqualTo(1);
    assertThat(headers.get(0).probe()).isPositive();
    // One is enough.
    assertThat(headers.stream().filter(header -> header.probe() > 0)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {11, 12})
  void anEchoOfAnEarlierQuestionProvesNothing(int cuts) {
    StreamAttachment attachment = start(ClientSession.Peer.HOLDFAST);
    offer(1);
    for (int i = 0; i < cuts; i++) {
      assertThat(session.end()).isNull();
      session.onWelcome(now, attachment, welcome(0, 1));
      drain();
      echo(attachment, 0);
      cut(attachment);
      attachment = i == cuts - 1 ? attachment : nextAttachment();
    }

    assertThat(session.end() != null).isEqualTo(cuts == 12);
    assertThat(session.end() == null || end().kind() == SessionEndKind.LOST_STUCK).isTrue();
  }

  private void answerProbe(StreamAttachment attachment) {
    headers(attachment).stream()
        .mapToLong(FrameHeader::probe)
        .filter(probe -> probe > 0)
        .forEach(probe -> echo(attachment, probe));
  }

  private void echo(StreamAttachment attachment, long probe) {
    FrameHeader header = new FrameHeader(attachment.tag(), 0, 0, 0, Flag.ECHO, 0, 0, probe);
    session.onFrame(now, attachment, header, Payload.EMPTY);
    drain();
  }

  private List<FrameHeader> headers(StreamAttachment attachment) {
    return outputs.stream()
        .filter(SessionOutput.Send.class::isInstance)
        .map(SessionOutput.Send.class::cast)
        .filter(send -> send.attachment() == attachment)
        .map(SessionOutput.Send::header)
        .filter(Objects::nonNull)
        .toList();
  }
}
