package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.streams.TestVectors;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.Welcome;
import dev.holdfast.streams.wire.WireException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The vectors as somebody reads them who has them and docs/duplex-v1.md only: the fields beside the
 * bytes give those bytes by the document's tables, and the bytes are read as those fields.
 */
class StructuredVectorsTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final int SEAL_BYTES = 32;
  private static final List<String> HANDSHAKES = List.of("hello", "welcome", "refusal");
  private static final Map<String, String> LISTS =
      Map.of(
          "headers",
          "frame",
          "hellos",
          "hello",
          "welcomes",
          "welcome",
          "refusals",
          "refusal",
          "handovers",
          "handover");

  private final DuplexDocument document = DuplexDocument.read();
  private final List<Spelled> all = all();

  StructuredVectorsTest() throws IOException {}

  /** A frame or handshake of a file: its bytes, and its fields. */
  private record Spelled(String file, String kind, String bytes, ObjectNode fields) {}

  @Test
  void allDialogsAreThere() {
    assertThat(all.stream().map(Spelled::file).distinct())
        .contains("dialog.json", "half-open.json", "client-dialog.json", "client-half-open.json")
        .contains("acks-by-bytes.json", "acks-of-answers.json", "credit-by-size.json")
        .contains("frames.json", "handshakes.json", "handovers.json");
  }

  @Test
  void fieldsGiveTheBytesByTheTablesOfTheDocument() {
    for (Spelled one : all) {
      assertThat(HEX.formatHex(document.encode(one.kind(), one.fields())))
          .as("%s: %s", one.file(), one.fields())
          .isEqualTo(one.bytes());
    }
  }

  @Test
  void bytesAreReadAsTheFields() throws WireException {
    for (Spelled one : all) {
      assertThat(read(one.kind(), HEX.parseHex(one.bytes())).toString())
          .as("%s: %s", one.file(), one.bytes())
          .isEqualTo(one.fields().toString());
    }
  }

  @Test
  void aWrongFieldIsFound() {
    for (Spelled one : all) {
      one.fields()
          .fieldNames()
          .forEachRemaining(
              name ->
                  assertThat(document.encode(one.kind(), withWrong(one.fields(), name)))
                      .as("%s: another %s in %s", one.file(), name, one.fields())
                      .isNotEqualTo(HEX.parseHex(one.bytes())));
    }
  }

  @Test
  void everyStepWithBytesOfTheWireHasItsFieldsAndNoOtherOneHas() throws IOException {
    for (String file : TestVectors.names()) {
      for (JsonNode step : parse(file).path("steps")) {
        String from = step.required("from").textValue();
        boolean frame = kindOf(step).equals("message") && !from.equals("application");
        assertThat(step.has("frame")).as("%s: %s", file, step).isEqualTo(frame);
        for (String kind : HANDSHAKES) {
          assertThat(step.has(kind)).as("%s: %s", file, step).isEqualTo(kindOf(step).equals(kind));
        }
      }
    }
  }

  @Test
  void nothingInThemIsJavas() throws IOException {
    for (String file : TestVectors.names()) {
      assertThat(TestVectors.read(file))
          .doesNotContainPattern("\\w\\[\\w+=")
          .doesNotContainPattern("\\w@[0-9a-f]")
          .doesNotContain("Payload", "Optional", "null");
    }
  }

  @Test
  void flagsAreCalledAsInTheDocument() {
    assertThat(DialogSteps.FLAGS).isEqualTo(document.flags());
  }

  private static List<Spelled> all() throws IOException {
    List<Spelled> all = new ArrayList<>();
    for (String file : TestVectors.names()) {
      JsonNode root = parse(file);
      for (JsonNode step : root.path("steps")) {
        for (String kind : List.of("frame", "hello", "welcome", "refusal")) {
          if (step.get(kind) instanceof ObjectNode fields) {
            all.add(new Spelled(file, kind, step.required("bytes").textValue(), fields));
          }
        }
      }
      LISTS.forEach(
          (list, kind) -> {
            for (JsonNode entry : root.path(list)) {
              ObjectNode fields = entry.deepCopy();
              fields.remove(List.of("bytes", "name"));
              all.add(new Spelled(file, kind, entry.required("bytes").textValue(), named(fields)));
            }
          });
    }
    return all;
  }

  /** The lists of single frames say the sum of flags, and nothing of a body. */
  private static ObjectNode named(ObjectNode fields) {
    if (!fields.has("flags")) {
      return fields;
    }
    int sum = fields.required("flags").intValue();
    DialogSteps.FLAGS.forEach(
        (name, flag) -> {
          if ((sum & flag) != 0) {
            fields.withArray("names").add(name);
          }
        });
    JsonNode names =
        fields.has("names") ? fields.remove("names") : DialogSteps.JSON.createArrayNode();
    fields.set("flags", names);
    return fields.put("body", "");
  }

  private static ObjectNode read(String kind, byte[] bytes) throws WireException {
    return switch (kind) {
      case "hello" -> DialogSteps.fields(Hello.parse(bytes));
      case "welcome" -> DialogSteps.fields(Welcome.parse(bytes));
      case "refusal" -> DialogSteps.fields(HandshakeRefusal.parse(bytes));
      case "handover" -> fields(SessionHandover.parse(bytes), bytes);
      default -> {
        FrameHeader header = FrameHeader.parse(bytes, 0, bytes.length);
        int from = header == null ? 0 : header.sizeBytes();
        yield DialogSteps.fields(header, Arrays.copyOfRange(bytes, from, bytes.length));
      }
    };
  }

  /** The seal stands at the end. */
  private static ObjectNode fields(SessionHandover said, byte[] bytes) {
    int from = said.isPresent() ? bytes.length - SEAL_BYTES : bytes.length;
    return DialogSteps.JSON
        .createObjectNode()
        .put("position", said.position())
        .put("processed", said.processed())
        .put("moves", said.moves())
        .put("half closed", said.isHalfClosed())
        .put("replays", said.restarts() ? 2 : said.replays() ? 1 : 0)
        .put("cursor", HEX.formatHex(said.cursor()))
        .put("seal", HEX.formatHex(bytes, from, bytes.length));
  }

  private static ObjectNode withWrong(ObjectNode fields, String name) {
    ObjectNode wrong = fields.deepCopy();
    JsonNode value = fields.required(name);
    if (value.isBoolean()) {
      wrong.put(name, !value.booleanValue());
    } else if (value.isNumber()) {
      wrong.put(name, value.longValue() == 0 ? 1 : value.longValue() - 1);
    } else if (value.isTextual()) {
      wrong.put(name, value.textValue().isEmpty() ? "00" : "");
    } else if (value.isEmpty()) {
      wrong.putArray(name).add("CANCEL");
    } else {
      wrong.putArray(name);
    }
    return wrong;
  }

  private static String kindOf(JsonNode step) {
    return step.required("what").textValue();
  }

  private static JsonNode parse(String file) throws IOException {
    return DialogSteps.JSON.readTree(TestVectors.read(file));
  }
}
