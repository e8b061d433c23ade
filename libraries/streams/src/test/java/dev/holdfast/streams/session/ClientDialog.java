package dev.holdfast.streams.session;

import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A client whose server, network, application and clock are in the hands of a test, and the record
 * of what each of them says. Its tags and delays are chance, and stand in the vectors as they fell.
 */
final class ClientDialog {
  private static final SessionId ID = new SessionId(0x0123456789abcdefL, 0x1122334455667788L);
  private static final SessionToken TOKEN =
      new SessionTokenIssuer("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8))
          .issue(ID, "device-7", "test.Devices/Talk", "10.0.0.1:50051");

  private final List<StreamAttachment> opened = new ArrayList<>();
  private final DialogSteps steps = new DialogSteps(true);
  private final ClientSession session;

  /** Whether the dialog shows when the client asks its transport for a message. */
  private final boolean showsReads;

  private long now;

  private ClientDialog(SessionOptions options, boolean showsReads) {
    this.showsReads = showsReads;
    session = new ClientSession(ID, options, SessionRules.STANDARD, new SplittableRandom(7));
  }

  static ClientDialog of(SessionOptions options) {
    return new ClientDialog(options, false);
  }

  static ClientDialog withReads(SessionOptions options, BufferBudget budget) {
    ClientDialog dialog = new ClientDialog(options, true);
    dialog.session.useBudget(budget);
    return dialog;
  }

  void start(Duration remaining) {
    session.start(now, remaining, ClientSession.Peer.HOLDFAST);
  }

  /** The application wants so many messages; it processes each at once. */
  void request(int messages) {
    session.request(messages);
  }

  /** The same, as a step of the dialog. */
  void take(int messages) {
    steps.event("application", "takes", 0, "messages", messages);
    session.request(messages);
    drive();
  }

  void offer(String message) {
    byte[] body = message.getBytes(StandardCharsets.UTF_8);
    steps.application("message", body);
    session.offer(Payload.of(body));
    drive();
  }

  void halfClose() {
    session.halfClose();
    steps.application("half-close", new byte[0]);
    drive();
  }

  void welcome(int on, long watermark, long credit) {
    Welcome welcome = new Welcome(TOKEN, watermark, 1, credit, 120_000, 16, 50, 0);
    steps.welcome(opened.get(on), welcome);
    session.onWelcome(now, opened.get(on), welcome);
    drive();
  }

  FrameHeader header(int on, long seq, long ack, long credit, int flags) {
    return new FrameHeader(opened.get(on).tag(), seq, ack, credit, flags, 0, 0, 0);
  }

  /** A frame of the server. */
  void frame(int on, FrameHeader header, byte[] body) {
    steps.message("server", opened.get(on), header, body);
    session.onFrame(now, opened.get(on), header, Payload.of(body));
    drive();
  }

  void frame(int on, FrameHeader header, String body) {
    frame(on, header, body.getBytes(StandardCharsets.UTF_8));
  }

  void cut(int on) {
    steps.event("network", "cut", opened.get(on).number());
    session.onClosed(now, opened.get(on), CallClosure.connection());
    drive();
  }

  void end(int on) {
    steps.event("server", "close", opened.get(on).number(), "status", "OK");
    session.onClosed(now, opened.get(on), CallClosure.status(0, Payload.EMPTY));
    drive();
  }

  /** An event around the client, as the cut of its connection. */
  void event(String from, String what) {
    steps.event(from, what, 0);
    drive();
  }

  /** Time passes until so many attachments and one more were begun. */
  void untilAttachment(int index) {
    for (int i = 0; i < 50 && opened.size() <= index; i++) {
      now = session.nextDeadlineNanos().orElseThrow();
      steps.at(now);
      session.onTimeout(now);
      drive();
    }
  }

  void pass(Duration time) {
    now += time.toNanos();
    steps.at(now);
    session.onTimeout(now);
    drive();
  }

  void drive() {
    for (SessionOutput out = session.poll(now); out != null; out = session.poll(now)) {
      if (out instanceof SessionOutput.StartCall startCall) {
        opened.add(startCall.attachment());
        steps.hello(startCall.attachment(), startCall.hello());
      } else if (out instanceof SessionOutput.Send send) {
        steps.message("client", send.attachment(), send.header(), send.body().toByteArray());
      } else if (out instanceof SessionOutput.EndCall endCall) {
        String how = endCall.why() == AttachmentCloseReason.DONE ? "half-close" : "cancel";
        steps.event("client", "close", endCall.attachment().number(), "how", how);
      } else if (out instanceof SessionOutput.Request request && showsReads) {
        steps.event("client", "reads one", request.attachment().number());
      } else if (out instanceof SessionOutput.Deliver deliver) {
        session.processed(now, deliver.seq());
      } else if (out instanceof SessionOutput.Ended ended) {
        steps.event("client", "ended", 0, "end", ended.end().kind().name());
      }
    }
  }

  void check(String name, String of) throws IOException {
    steps.check(name, " \"client\": \"" + of + "\",\n");
  }
}
