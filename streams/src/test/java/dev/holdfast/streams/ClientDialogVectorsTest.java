package dev.holdfast.streams;

import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.TokenMint;
import dev.holdfast.streams.wire.Welcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What a client says, as bytes, through a cut and at a half-open connection. Its tags and delays
 * are chance, and stand in the vectors as they fell.
 */
class ClientDialogVectorsTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final SessionId ID = new SessionId(0x0123456789abcdefL, 0x1122334455667788L);
  private static final SessionToken TOKEN =
      new TokenMint("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8))
          .mint(ID, "device-7", "test.Devices/Talk", "10.0.0.1:50051");

  private final List<String> lines = new ArrayList<>();
  private final List<StreamAttachment> opened = new ArrayList<>();
  private long now;
  private long credit = 256;
  private ClientSession session = session(SessionOptions.DEFAULT);

  @Test
  void aTalkThroughACutIsAsTheVectorsSay() throws IOException {
    session.start(now, Duration.ofMinutes(1), ClientSession.Peer.HOLDFAST);
    session.request(9);
    offer("a");
    offer("b");
    welcome(0, 0);
    offer("c");
    frame(0, header(0, 1, 1, 257, 0), "A");
    cut(0);
    untilAttachment(1);
    credit = 258;
    welcome(1, 2);
    session.halfClose();
    note("application", "half-close", 0, "");
    drive();
    frame(1, header(1, 2, 4, 0, Flag.FINAL), "");
    end(1);

    check("client-dialog.json");
  }

  @Test
  void aHalfOpenConnectionIsTreatedAsTheVectorsSay() throws IOException {
    SessionOptions.Timing beating =
        SessionOptions.Timing.DEFAULT.withHeartbeat(
            Duration.ofSeconds(10), Duration.ofSeconds(25), Duration.ofSeconds(30));
    session = session(SessionOptions.DEFAULT.withTiming(beating));
    session.start(now, Duration.ZERO, ClientSession.Peer.HOLDFAST);
    session.request(9);
    drive();
    welcome(0, 0);
    untilAttachment(1);
    // The first one speaks again, and wins.
    frame(0, FrameHeader.control(opened.get(0).tag(), 0, 0, 0), "");
    untilAttachment(2);
    welcome(2, 0);
    // What the older one still brings is not read.
    frame(0, header(0, 1, 0, 0, 0), "A");
    frame(2, header(2, 1, 0, 0, 0), "A");

    check("client-half-open.json");
  }

  private static ClientSession session(SessionOptions options) {
    return new ClientSession(ID, options, SessionRules.STANDARD, new SplittableRandom(7));
  }

  private FrameHeader header(int on, long seq, long ack, long credit, int flags) {
    return new FrameHeader(opened.get(on).tag(), seq, ack, credit, flags, 0, 0, 0);
  }

  private void offer(String message) {
    note("application", "message", 0, HEX.formatHex(message.getBytes(StandardCharsets.UTF_8)));
    session.offer(Payload.of(message.getBytes(StandardCharsets.UTF_8)));
    drive();
  }

  private void welcome(int on, long watermark) {
    Welcome welcome = new Welcome(TOKEN, watermark, 1, credit, 120_000, 16, 50, 0);
    note("server", "welcome", number(on), HEX.formatHex(welcome.toByteArray()));
    session.onWelcome(now, opened.get(on), welcome);
    drive();
  }

  private void frame(int on, FrameHeader header, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    note("server", "message", number(on), HEX.formatHex(joined(header, bytes)));
    session.onFrame(now, opened.get(on), header, Payload.of(bytes));
    drive();
  }

  private void cut(int on) {
    note("network", "cut", number(on), "");
    session.onClosed(now, opened.get(on), PhysicalEnd.connection());
    drive();
  }

  private void end(int on) {
    note("server", "status OK", number(on), "");
    session.onClosed(now, opened.get(on), PhysicalEnd.status(0, Payload.EMPTY));
    drive();
  }

  private void untilAttachment(int index) {
    for (int i = 0; i < 50 && opened.size() <= index; i++) {
      now = session.nextDeadlineNanos().orElseThrow();
      session.onTimeout(now);
      drive();
    }
  }

  private void drive() {
    for (SessionOutput out = session.poll(now); out != null; out = session.poll(now)) {
      if (out instanceof SessionOutput.Open open) {
        opened.add(open.attachment());
        byte[] hello = open.hello().toByteArray();
        note("client", "hello", open.attachment().number(), HEX.formatHex(hello));
      } else if (out instanceof SessionOutput.Send send) {
        byte[] bytes = joined(send.header(), send.body().toByteArray());
        note("client", "message", send.attachment().number(), HEX.formatHex(bytes));
      } else if (out instanceof SessionOutput.Close close) {
        why("close", close.attachment().number(), close.why().name());
      } else if (out instanceof SessionOutput.Deliver deliver) {
        session.processed(now, deliver.seq());
      } else if (out instanceof SessionOutput.Ended ended) {
        why("ended", 0, ended.end().kind().name());
      }
    }
  }

  private long number(int on) {
    return opened.get(on).number();
  }

  private static byte[] joined(@Nullable FrameHeader header, byte[] body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header == null ? new byte[0] : header.toByteArray());
    out.writeBytes(body);
    return out.toByteArray();
  }

  private void note(String from, String what, long attachment, String bytes) {
    lines.add(
        "  {\"ms\": %d, \"from\": \"%s\", \"what\": \"%s\", \"attachment\": %d, \"bytes\": \"%s\"}"
            .formatted(Duration.ofNanos(now).toMillis(), from, what, attachment, bytes));
  }

  private void why(String what, long attachment, String why) {
    lines.add(
        "  {\"ms\": %d, \"from\": \"client\", \"what\": \"%s\", \"attachment\": %d, \"why\": \"%s\"}"
            .formatted(Duration.ofNanos(now).toMillis(), what, attachment, why));
  }

  private void check(String name) throws IOException {
    Vectors.check(
        name,
        "{\n \"client\": \"processes each message at once; tags and delays are random\",\n"
            + " \"steps\": [\n"
            + String.join(",\n", lines)
            + "\n ]\n}\n");
  }
}
