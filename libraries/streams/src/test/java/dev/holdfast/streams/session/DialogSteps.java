package dev.holdfast.streams.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.TestVectors;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.Welcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a dialog in {@code libraries/streams/vectors}, as JSON: each with its bytes, and
 * beside them what they say, field by field and by the names of docs/duplex-v1.md. A long body of
 * one repeated byte is left out of both and stands in {@code filler}.
 */
final class DialogSteps {
  /** The times of all dialogs. The delay of acks is not the default, so that it shows. */
  static final SessionOptions.Timing TIMING =
      SessionOptions.Timing.DEFAULT.withAckDelay(Duration.ofMillis(50));

  static final ObjectMapper JSON = new ObjectMapper();

  /** The flags by the names that the document gives them. */
  static final Map<String, Integer> FLAGS = flags();

  private static final HexFormat HEX = HexFormat.of();
  private static final int LONGEST_BODY_BYTES = 64;
  private static final ObjectWriter ONE_LINE = JSON.writer(oneLine());

  private final List<String> lines = new ArrayList<>();
  private final boolean timed;
  private long nowNanos;

  /**
   * Creates a dialog without steps.
   *
   * @param timed whether each step has its time
   */
  DialogSteps(boolean timed) {
    this.timed = timed;
  }

  void at(long time) {
    nowNanos = time;
  }

  void hello(StreamAttachment on, Hello said) {
    add(step("client", "hello", on.number(), said.toByteArray()).set("hello", fields(said)));
  }

  void welcome(StreamAttachment on, Welcome said) {
    add(step("server", "welcome", on.number(), said.toByteArray()).set("welcome", fields(said)));
  }

  void refusal(StreamAttachment on, HandshakeRefusal said) {
    add(step("server", "refusal", on.number(), said.toByteArray()).set("refusal", fields(said)));
  }

  /** A gRPC message of an attachment; without a header where none stands before the body. */
  void message(String from, StreamAttachment on, @Nullable FrameHeader header, byte[] body) {
    byte[] said = header == null ? new byte[0] : header.toByteArray();
    byte[] shown = isFiller(body) ? new byte[0] : body;
    byte[] bytes = Arrays.copyOf(said, said.length + shown.length);
    System.arraycopy(shown, 0, bytes, said.length, shown.length);
    ObjectNode step = step(from, "message", on.number(), bytes);
    step.set("frame", fields(header, shown));
    addFiller(step, body);
    add(step);
  }

  /** A step of an application. */
  void application(String what, byte[] body) {
    ObjectNode step = step("application", what, 0, isFiller(body) ? new byte[0] : body);
    addFiller(step, body);
    add(step);
  }

  /** A step that no bytes stand for, as the cut of a connection. */
  void event(String from, String what, long attachment) {
    add(step(from, what, attachment, new byte[0]));
  }

  /** The same with a reason. */
  void event(String from, String what, long attachment, String name, String value) {
    ObjectNode step = step(from, what, attachment, new byte[0]);
    step.remove("bytes");
    add(step.put(name, value));
  }

  /** The same with a number. */
  void event(String from, String what, long attachment, String name, int value) {
    ObjectNode step = step(from, what, attachment, new byte[0]);
    step.remove("bytes");
    add(step.put(name, value));
  }

  /** Compares with the committed file, whose first lines say who speaks. */
  void check(String name, String preface) throws IOException {
    TestVectors.check(
        name, "{\n" + preface + " \"steps\": [\n" + String.join(",\n", lines) + "\n ]\n}\n");
  }

  static ObjectNode fields(@Nullable FrameHeader header, byte[] body) {
    ObjectNode frame = JSON.createObjectNode();
    if (header != null) {
      frame.put("tag", header.tag()).put("seq", header.seq()).put("ack", header.ack());
      frame.put("credit", header.credit());
      ArrayNode names = frame.putArray("flags");
      FLAGS.forEach(
          (name, flag) -> {
            if (header.has(flag)) {
              names.add(name);
            }
          });
      frame.put("low", header.low()).put("status", header.status()).put("probe", header.probe());
    }
    return frame.put("body", HEX.formatHex(body));
  }

  static ObjectNode fields(Hello said) {
    return JSON.createObjectNode()
        .put("session", hex(said.session()))
        .put("attach", said.attach())
        .put("tag", said.tag())
        .put("watermark", said.watermark())
        .put("low", said.low())
        .put("credit", said.credit())
        .put("remaining", said.remainingMillis())
        .put("untouched", said.untouched())
        .put("token", HEX.formatHex(said.token().toByteArray()))
        .put("age", said.ageMillis())
        .put("touched by", said.touchedBy());
  }

  static ObjectNode fields(Welcome said) {
    return JSON.createObjectNode()
        .put("token", HEX.formatHex(said.token().toByteArray()))
        .put("watermark", said.watermark())
        .put("low", said.low())
        .put("credit", said.credit())
        .put("ttl", said.ttlMillis())
        .put("ack every", said.ackEvery())
        .put("ack delay", said.ackDelayMillis())
        .put("spread", said.spreadMillis());
  }

  static ObjectNode fields(HandshakeRefusal said) {
    return JSON.createObjectNode()
        .put("code", said.code().number())
        .put("address", said.address())
        .put("retry after", said.retryAfterMillis())
        .put("processed", said.processed());
  }

  private static String hex(SessionId id) {
    return HEX.toHexDigits(id.high()) + HEX.toHexDigits(id.low());
  }

  private ObjectNode step(String from, String what, long attachment, byte[] bytes) {
    ObjectNode step = JSON.createObjectNode();
    if (timed) {
      step.put("ms", Duration.ofNanos(nowNanos).toMillis());
    }
    return step.put("from", from)
        .put("what", what)
        .put("attachment", attachment)
        .put("bytes", HEX.formatHex(bytes));
  }

  private void add(ObjectNode step) {
    try {
      lines.add("  " + ONE_LINE.writeValueAsString(step));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void addFiller(ObjectNode step, byte[] body) {
    if (isFiller(body)) {
      step.putObject("filler").put("byte", HEX.toHexDigits(body[0])).put("size", body.length);
    }
  }

  private static boolean isFiller(byte[] body) {
    if (body.length <= LONGEST_BODY_BYTES) {
      return false;
    }
    byte[] same = new byte[body.length];
    Arrays.fill(same, body[0]);
    return Arrays.equals(body, same);
  }

  private static DefaultPrettyPrinter oneLine() {
    DefaultPrettyPrinter.NopIndenter none = new DefaultPrettyPrinter.NopIndenter();
    Separators spaced =
        Separators.createDefaultInstance()
            .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
            .withObjectEntrySpacing(Separators.Spacing.AFTER)
            .withArrayValueSpacing(Separators.Spacing.AFTER)
            .withArrayEmptySeparator("");
    return new DefaultPrettyPrinter(spaced).withObjectIndenter(none).withArrayIndenter(none);
  }

  private static Map<String, Integer> flags() {
    Map<String, Integer> flags = new LinkedHashMap<>();
    flags.put("FINAL", Flag.FINAL);
    flags.put("HALF_CLOSE", Flag.HALF_CLOSE);
    flags.put("CANCEL", Flag.CANCEL);
    flags.put("DRAIN", Flag.DRAIN);
    flags.put("LEAVING", Flag.LEAVING);
    flags.put("SETTLED", Flag.SETTLED);
    flags.put("ECHO", Flag.ECHO);
    flags.put("MOVED", Flag.MOVED);
    return flags;
  }
}
