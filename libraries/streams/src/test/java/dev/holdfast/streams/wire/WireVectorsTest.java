package dev.holdfast.streams.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.TestVectors;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The vectors of headers and handshakes say what the code does; see {@link TestVectors}. */
class WireVectorsTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final SessionId ID = new SessionId(0x0123456789abcdefL, 0x1122334455667788L);

  @Test
  void headersAreAsTheVectorsSay() throws IOException {
    List<String> good =
        List.of(
            frame("tag only", new FrameHeader(1, 0, 0, 0, 0, 0, 0, 0)),
            frame("the first message of an attachment", new FrameHeader(300, 1, 0, 0, 0, 0, 0, 0)),
            frame("a message with news", new FrameHeader(0xffffffffL, 130, 77, 333, 0, 0, 0, 0)),
            frame("an ack", FrameHeader.control(300, 77, 333, 0)),
            frame("the highest numbers", highest()),
            frame("half-close", new FrameHeader(300, 5, 4, 0, Flag.HALF_CLOSE, 0, 0, 0)),
            frame("final status", new FrameHeader(300, 9, 5, 0, Flag.FINAL, 0, 5, 0)),
            frame("moved", new FrameHeader(300, 9, 5, 0, Flag.FINAL | Flag.MOVED, 0, 14, 0)),
            frame("cancel", FrameHeader.control(300, 0, 0, Flag.CANCEL)),
            frame("leaving", FrameHeader.control(300, 0, 0, Flag.DRAIN | Flag.LEAVING)),
            frame("settled at 4", new FrameHeader(300, 0, 0, 0, Flag.SETTLED, 4, 0, 0)),
            frame("probe", new FrameHeader(300, 0, 0, 0, 0, 0, 0, 1)),
            frame("echo", new FrameHeader(300, 0, 0, 0, Flag.ECHO, 0, 0, 1)));

    TestVectors.check(
        "frames.json",
        "{\n \"headers\": [\n"
            + String.join(",\n", good)
            + "\n ],\n \"none\": [\n"
            + String.join(",\n", notHeaders())
            + "\n ],\n \"refused\": [\n"
            + String.join(",\n", refused())
            + "\n ]\n}\n");
  }

  @Test
  void handshakesAreAsTheVectorsSay() throws IOException {
    SessionTokenIssuer mint =
        new SessionTokenIssuer("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8));
    SessionToken token = mint.issue(ID, "device-7", "test.Devices/Talk", "10.0.0.1:50051");
    SessionToken anywhere = mint.issue(ID, "", "test.Devices/Talk", "");
    Hello first = new Hello(ID, 1, 300, 0, 1, 256, 0, true, SessionToken.NONE);
    Hello later = new Hello(ID, 7, 301, 41, 12, 297, 60_000, false, token);
    Hello unheard = new Hello(ID, 2, 302, 0, 1, 256, 0, false, SessionToken.NONE, 12_345, 1);
    Welcome welcome = new Welcome(token, 11, 42, 267, 120_000, 16, 50, 2_000);
    String tokens =
        " {\"key\": \"0123456789abcdef0123456789abcdef\", \"session\": \"%s\", \"principal\":"
            + " \"%s\", \"method\": \"test.Devices/Talk\", \"owner\": \"%s\", \"token\": \"%s\"}";
    List<String> refusals = new ArrayList<>();
    refusals.add(refusal(HandshakeRefusal.of(HandshakeRefusal.RefusalCode.UNKNOWN)));
    refusals.add(refusal(HandshakeRefusal.over(HandshakeRefusal.RefusalCode.EXPIRED, 11)));
    refusals.add(refusal(HandshakeRefusal.moved("10.0.0.2:50051")));
    refusals.add(refusal(HandshakeRefusal.busy(250)));

    TestVectors.check(
        "handshakes.json",
        "{\n \"tokens\": [\n"
            + tokens.formatted(ID, "device-7", "10.0.0.1:50051", HEX.formatHex(token.toByteArray()))
            + ",\n"
            + tokens.formatted(ID, "", "", HEX.formatHex(anywhere.toByteArray()))
            + "\n ],\n \"hellos\": [\n"
            + hello(first)
            + ",\n"
            + hello(later)
            + ",\n"
            + hello(unheard)
            + "\n ],\n \"welcomes\": [\n"
            + welcome(welcome)
            + "\n ],\n \"refusals\": [\n"
            + String.join(",\n", refusals)
            + "\n ]\n}\n");
  }

  private static FrameHeader highest() {
    long most = Long.MAX_VALUE;
    return new FrameHeader(FrameHeader.HIGHEST_TAG, most, most, most, Flag.ALL, most, 16, most);
  }

  private static String frame(String name, FrameHeader header) {
    byte[] bytes = header.toByteArray();
    return """
      {"name": "%s", "bytes": "%s", "tag": %d, "seq": %d, "ack": %d, "credit": %d, "flags": %d,\
     "low": %d, "status": %d, "probe": %d}\
    """
        .formatted(
            name,
            HEX.formatHex(bytes),
            header.tag(),
            header.seq(),
            header.ack(),
            header.credit(),
            header.flags(),
            header.low(),
            header.status(),
            header.probe())
        .stripTrailing();
  }

  private static List<String> notHeaders() {
    return List.of("", "0a0568656c6c6f", "faffffff", "faffffff0e020801").stream()
        .peek(bytes -> assertThat(outcome(bytes)).isEqualTo("none"))
        .map(bytes -> "  {\"bytes\": \"" + bytes + "\"}")
        .toList();
  }

  private static List<String> refused() {
    return List.of(
            "faffffff0f",
            "faffffff0f0408",
            "faffffff0f00",
            "faffffff0f0410011001",
            "faffffff0f020800",
            "faffffff0f03088100",
            "faffffff0f0410010801",
            "faffffff0f0408014801",
            "faffffff0f030a0101",
            "faffffff0f05080128800f",
            "faffffff0f0408013811",
            "faffffff0f7f",
            "faffffff0f51")
        .stream()
        .map(bytes -> "  {\"bytes\": \"" + bytes + "\", \"kind\": \"" + outcome(bytes) + "\"}")
        .peek(line -> assertThat(line).doesNotContain("\"none\"").doesNotContain("\"header\""))
        .toList();
  }

  private static String outcome(String hex) {
    byte[] bytes = HEX.parseHex(hex);
    try {
      return FrameHeader.parse(bytes, 0, bytes.length) == null ? "none" : "header";
    } catch (WireException e) {
      return e.kind().name();
    }
  }

  private static String hello(Hello said) {
    return """
      {"bytes": "%s", "session": "%s", "attach": %d, "tag": %d, "watermark": %d, "low": %d,\
     "credit": %d, "remaining": %d, "untouched": %b, "token": "%s", "age": %d, "touched by": %d}\
    """
        .formatted(
            HEX.formatHex(said.toByteArray()),
            said.session(),
            said.attach(),
            said.tag(),
            said.watermark(),
            said.low(),
            said.credit(),
            said.remainingMillis(),
            said.untouched(),
            HEX.formatHex(said.token().toByteArray()),
            said.ageMillis(),
            said.touchedBy())
        .stripTrailing();
  }

  private static String welcome(Welcome said) {
    return """
      {"bytes": "%s", "token": "%s", "watermark": %d, "low": %d, "credit": %d, "ttl": %d,\
     "ack every": %d, "ack delay": %d, "spread": %d}\
    """
        .formatted(
            HEX.formatHex(said.toByteArray()),
            HEX.formatHex(said.token().toByteArray()),
            said.watermark(),
            said.low(),
            said.credit(),
            said.ttlMillis(),
            said.ackEvery(),
            said.ackDelayMillis(),
            said.spreadMillis())
        .stripTrailing();
  }

  private static String refusal(HandshakeRefusal said) {
    return """
      {"bytes": "%s", "code": %d, "address": "%s", "retry after": %d, "processed": %d}\
    """
        .formatted(
            HEX.formatHex(said.toByteArray()),
            said.code().number(),
            said.address(),
            said.retryAfterMillis(),
            said.processed())
        .stripTrailing();
  }
}
