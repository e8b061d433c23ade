package dev.holdfast.streams.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * The vectors of the conformance kit, whose encoder was written from docs/duplex-v1.md alone, as
 * this code reads and writes them.
 */
class ConformanceVectorsTest {
  private static final Path FILE =
      Path.of(System.getProperty("holdfast.root", "../.."))
          .resolve("testing/duplex-conformance/vectors.json");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HexFormat HEX = HexFormat.of();

  private final JsonNode vectors = JSON.readTree(Files.readString(FILE, StandardCharsets.UTF_8));

  ConformanceVectorsTest() throws IOException {}

  @Test
  void bytesAreReadAsTheirFieldsAndWrittenAgain() throws WireException {
    int read = 0;
    for (JsonNode each : vectors) {
      if (each.has("fields")) {
        byte[] bytes = bytes(each);
        JsonNode fields = each.required("fields");
        assertThat(fields(each.required("kind").textValue(), bytes, fields).toString())
            .as("%s", each)
            .isEqualTo(fields.toString());
        read++;
      }
    }
    assertThat(read).isGreaterThan(30);
  }

  @Test
  void brokenOnesAreRefused() {
    int refused = 0;
    for (JsonNode each : vectors) {
      byte[] bytes = bytes(each);
      ThrowingCallable parse =
          switch (each.required("kind").textValue()) {
            case "broken frame" -> () -> FrameHeader.parse(bytes, 0, bytes.length);
            case "broken hello" -> () -> Hello.parse(bytes);
            case "broken welcome" -> () -> Welcome.parse(bytes);
            case "broken refusal" -> () -> HandshakeRefusal.parse(bytes);
            case "broken hand-over" -> () -> SessionHandover.parse(bytes);
            default -> null;
          };
      if (parse != null) {
        assertThatThrownBy(parse).as("%s", each).isInstanceOf(WireException.class);
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(30);
  }

  @Test
  void bodiesAloneHaveNoHeader() throws WireException {
    for (JsonNode each : vectors) {
      if (each.required("kind").textValue().equals("no header")) {
        byte[] bytes = bytes(each);
        assertThat(FrameHeader.parse(bytes, 0, bytes.length)).as("%s", each).isNull();
      }
    }
  }

  private static byte[] bytes(JsonNode vector) {
    return HEX.parseHex(vector.required("bytes").textValue());
  }

  private static ObjectNode fields(String kind, byte[] bytes, JsonNode expected)
      throws WireException {
    ObjectNode fields = JSON.createObjectNode();
    return switch (kind) {
      case "frame" -> frame(fields, bytes);
      case "hello" -> hello(fields, bytes);
      case "welcome" -> welcome(fields, bytes);
      case "refusal" -> refusal(fields, bytes);
      case "token" -> token(bytes, expected);
      case "hand-over" -> handover(bytes, expected);
      default -> fields;
    };
  }

  private static ObjectNode frame(ObjectNode fields, byte[] bytes) throws WireException {
    FrameHeader header = Objects.requireNonNull(FrameHeader.parse(bytes, 0, bytes.length));
    byte[] written = header.toByteArray();
    assertThat(written).isEqualTo(Arrays.copyOf(bytes, header.sizeBytes()));
    byte[] body = Arrays.copyOfRange(bytes, header.sizeBytes(), bytes.length);
    integers(fields, "tag", header.tag(), "seq", header.seq(), "ack", header.ack());
    integers(fields, "credit", header.credit(), "flags", header.flags(), "low", header.low());
    integers(fields, "status", header.status(), "probe", header.probe());
    return fields.put("body", HEX.formatHex(body));
  }

  private static ObjectNode hello(ObjectNode fields, byte[] bytes) throws WireException {
    Hello hello = Hello.parse(bytes);
    assertThat(hello.toByteArray()).isEqualTo(bytes);
    fields.put("session", hello.session().toString());
    integers(fields, "attach", hello.attach(), "tag", hello.tag());
    integers(fields, "watermark", hello.watermark(), "low", hello.low(), "credit", hello.credit());
    integers(fields, "remaining", hello.remainingMillis());
    fields.put("untouched", hello.untouched());
    fields.put("token", HEX.formatHex(hello.token().toByteArray()));
    return integers(fields, "age", hello.ageMillis(), "touched by", hello.touchedBy());
  }

  private static ObjectNode welcome(ObjectNode fields, byte[] bytes) throws WireException {
    Welcome welcome = Welcome.parse(bytes);
    assertThat(welcome.toByteArray()).isEqualTo(bytes);
    fields.put("token", HEX.formatHex(welcome.token().toByteArray()));
    integers(fields, "watermark", welcome.watermark(), "low", welcome.low());
    integers(fields, "credit", welcome.credit(), "ttl", welcome.ttlMillis());
    integers(fields, "ack every", welcome.ackEvery());
    integers(fields, "ack delay", welcome.ackDelayMillis());
    return integers(fields, "spread", welcome.spreadMillis());
  }

  private static ObjectNode refusal(ObjectNode fields, byte[] bytes) throws WireException {
    HandshakeRefusal refusal = HandshakeRefusal.parse(bytes);
    assertThat(refusal.toByteArray()).isEqualTo(bytes);
    fields.put("code", refusal.code().number());
    fields.put("address", refusal.address());
    return integers(
        fields, "retry after", refusal.retryAfterMillis(), "processed", refusal.processed());
  }

  /** The fields from which our own issuer makes the same token. */
  private static ObjectNode token(byte[] bytes, JsonNode fields) {
    SessionTokenIssuer issuer =
        new SessionTokenIssuer(HEX.parseHex(fields.required("key").textValue()));
    SessionId session = SessionId.of(HEX.parseHex(fields.required("session").textValue()));
    SessionToken token =
        issuer.issue(
            session,
            fields.required("principal").textValue(),
            fields.required("method").textValue(),
            fields.required("owner").textValue());
    assertThat(token.toByteArray()).isEqualTo(bytes);
    return (ObjectNode) fields;
  }

  /** The fields that our own reader finds, under the seal that our own issuer makes. */
  private static ObjectNode handover(byte[] bytes, JsonNode expected) throws WireException {
    SessionHandover handover = SessionHandover.parse(bytes);
    assertThat(handover.toByteArray()).isEqualTo(bytes);
    ObjectNode fields = expected.deepCopy();
    integers(fields, "position", handover.position(), "processed", handover.processed());
    integers(fields, "moves", handover.moves());
    fields.put("half closed", handover.isHalfClosed());
    integers(fields, "replays", handover.restarts() ? 2 : handover.replays() ? 1 : 0);
    fields.put("cursor", HEX.formatHex(handover.cursor()));
    SessionHandover sealed =
        new SessionTokenIssuer(HEX.parseHex(fields.required("key").textValue()))
            .seal(
                handover,
                SessionId.of(HEX.parseHex(fields.required("session").textValue())),
                fields.required("principal").textValue(),
                fields.required("method").textValue());
    return fields.put("seal", HEX.formatHex(sealed.seal()));
  }

  private static ObjectNode integers(ObjectNode fields, Object... namesAndValues) {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put((String) namesAndValues[i], ((Number) namesAndValues[i + 1]).longValue());
    }
    return fields;
  }
}
