package dev.holdfast.streams.session;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.session.SessionTable.Admission;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A whole dialog as bytes: what a server that echoes each message answers to a client, through a
 * cut with a lost ack, a duplicate and the end. No time passes in it.
 */
class DialogVectorsTest {
  private static final SessionId ID = new SessionId(0x0123456789abcdefL, 0x1122334455667788L);
  private static final SessionTokenIssuer MINT =
      new SessionTokenIssuer("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8));
  private static final Caller CALLER = new Caller("device-7", "test.Devices/Talk");

  private final DialogSteps steps = new DialogSteps(false);
  private final SessionTable sessions =
      new SessionTable(
          new SessionTable.ServerIdentity("server-1", "10.0.0.1:50051", 10),
          MINT,
          SessionOptions.DEFAULT.withAckEvery(16).withTiming(DialogSteps.TIMING),
          SessionRules.STANDARD,
          new SplittableRandom(1));
  private @Nullable ServerSession session;

  @Test
  void anEchoThroughACutIsAsTheVectorsSay() throws IOException {
    SessionToken token = MINT.issue(ID, "device-7", "test.Devices/Talk", "10.0.0.1:50051");

    StreamAttachment one = hello(new Hello(ID, 1, 300, 0, 1, 256, 0, true, SessionToken.NONE));
    frame(one, new FrameHeader(300, 1, 0, 0, 0, 0, 0, 0), "a");
    frame(one, null, "b");
    frame(one, new FrameHeader(300, 3, 1, 257, 0, 0, 0, 0), "c");
    cut(one);
    StreamAttachment two = hello(new Hello(ID, 2, 301, 2, 2, 258, 0, false, token));
    frame(two, new FrameHeader(301, 3, 2, 0, 0, 0, 0, 0), "c");
    frame(two, new FrameHeader(301, 4, 3, 0, Flag.HALF_CLOSE, 0, 0, 0), "");
    frame(two, FrameHeader.control(301, 4, 260, 0), "");
    hello(new Hello(ID, 3, 302, 4, 5, 260, 0, false, token));
    hello(new Hello(ID, 4, 303, 4, 5, 260, 0, false, SessionToken.NONE));

    check("dialog.json");
  }

  @Test
  void aClientThatComesBackWhileItsOldCallIsHalfOpenIsAsTheVectorsSay() throws IOException {
    SessionToken token = MINT.issue(ID, "device-7", "test.Devices/Talk", "10.0.0.1:50051");

    StreamAttachment one = hello(new Hello(ID, 1, 300, 0, 1, 256, 0, true, SessionToken.NONE));
    frame(one, new FrameHeader(300, 1, 0, 0, 0, 0, 0, 0), "a");
    // Its welcome was lost, and so it has no token.
    hello(new Hello(ID, 2, 301, 0, 1, 256, 0, false, SessionToken.NONE, 12_345, 1));
    // What the older call still brings is not read, and an older call is not let in.
    frame(one, null, "b");
    hello(new Hello(ID, 1, 302, 0, 1, 256, 0, true, SessionToken.NONE));
    // A call that got messages and never came here: somebody else may have them.
    hello(new Hello(ID, 4, 303, 0, 1, 256, 0, false, SessionToken.NONE, 23_456, 3));
    hello(new Hello(ID, 5, 304, 1, 2, 257, 0, false, token));

    check("half-open.json");
  }

  private void check(String name) throws IOException {
    steps.check(
        name,
        " \"server\": \"echoes each message, finishes with OK after the half-close, key"
            + " 0123456789abcdef0123456789abcdef, address 10.0.0.1:50051\",\n"
            + " \"principal\": \"device-7\", \"method\": \"test.Devices/Talk\",\n");
  }

  private StreamAttachment hello(Hello hello) {
    StreamAttachment attachment = new StreamAttachment(hello.attach(), hello.tag(), 0);
    steps.hello(attachment, hello);
    Admission admission = sessions.onHello(0, attachment, hello, CALLER);
    if (admission instanceof Admission.Refused refused) {
      steps.refusal(attachment, refused.refusal());
    } else if (admission instanceof Admission.Admitted admitted) {
      session = admitted.session();
      drive(admitted.session());
    }
    return attachment;
  }

  private void frame(StreamAttachment from, @Nullable FrameHeader header, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    steps.message("client", from, header, bytes);
    here().onFrame(0, from, header, Payload.of(bytes));
    drive(here());
  }

  private void cut(StreamAttachment attachment) {
    steps.event("network", "cut", attachment.number());
    here().onClosed(0, attachment, CallClosure.connection());
    drive(here());
  }

  private void drive(ServerSession driven) {
    for (SessionOutput out = driven.poll(0); out != null; out = driven.poll(0)) {
      if (out instanceof SessionOutput.Accept accept) {
        steps.welcome(accept.attachment(), accept.welcome());
      } else if (out instanceof SessionOutput.Refuse refuse) {
        steps.refusal(refuse.attachment(), refuse.refusal());
      } else if (out instanceof SessionOutput.Send send) {
        steps.message("server", send.attachment(), send.header(), send.body().toByteArray());
      } else if (out instanceof SessionOutput.EndCall endCall) {
        close(endCall.attachment(), endCall.why());
      } else if (out instanceof SessionOutput.StartHandler) {
        driven.request(100);
      } else if (out instanceof SessionOutput.Deliver deliver) {
        driven.offer(deliver.message());
        driven.processed(0, deliver.seq());
      } else if (out instanceof SessionOutput.HalfClosed) {
        driven.finish(0, 0, Payload.EMPTY);
      }
    }
    sessions.retire(0, driven);
  }

  private ServerSession here() {
    ServerSession known = session;
    if (known == null) {
      throw new IllegalStateException("no session was admitted");
    }
    return known;
  }

  /** Ends an attachment as the gRPC binding does. */
  private void close(StreamAttachment attachment, AttachmentCloseReason why) {
    switch (why) {
      case DONE -> steps.event("server", "close", attachment.number(), "status", "OK");
      case REPLACED ->
          steps.refusal(attachment, HandshakeRefusal.of(HandshakeRefusal.RefusalCode.FENCED));
      default -> throw new IllegalStateException("why: " + why);
    }
  }
}
