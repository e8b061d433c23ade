package dev.holdfast.transcoding.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The error of an unknown field names the one that was meant, to those who may know it. */
final class NearestFieldTest {
  private static final JsonCodec CODEC =
      JsonCodec.of(SchemaTypes.of(List.of(Everything.getDescriptor().getFile())));

  @ParameterizedTest
  @CsvSource({
    "fUintt32, fUint32",
    "FSTRING, fString",
    "f_strin, fString",
    "Stringg, fString",
    "fByts, fBytes",
    "fs, ''",
    "nothing, ''",
  })
  void whatWasMeantIsFound(String given, String meant) {
    String near = NearestField.of(given, CODEC.type(Everything.getDescriptor()).fields);
    assertThat(near).isEqualTo(meant);
  }

  @Test
  void onlyThoseWhoMayKnowTheSchemaAreTold() {
    assertThat(refusal(CODEC, "fByts")).doesNotContain("fBytes");
    JsonCodec telling = CODEC.with(JsonOptions.DEFAULT.withNearestNames(true));
    assertThat(refusal(telling, "fByts")).contains("; did you mean fBytes?)");
    assertThat(refusal(telling, "fBytes" + "s".repeat(NearestField.MOST_CHARS)))
        .doesNotContain("did you mean");
  }

  private static String refusal(JsonCodec codec, String field) {
    byte[] json = ("{\"" + field + "\":1}").getBytes(UTF_8);
    MessageType type = codec.type(Everything.getDescriptor());
    CodecException refused =
        catchThrowableOfType(
            CodecException.class, () -> type.toProto(json, 0, json.length, new CodecBuffer()));
    return refused.getMessage();
  }
}
