package dev.holdfast.transcoding.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Duration;
import com.google.protobuf.Int64Value;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Single fields of a request, set from a URL and a body. */
final class FieldPathTest {
  private static final MessageType TYPE =
      JsonCodec.of(SchemaTypes.of(List.of(Everything.getDescriptor().getFile())))
          .type(Everything.getDescriptor());

  private final CodecBuffer out = new CodecBuffer();

  @Test
  void pathQueryAndBodyBecomeOneMessage() throws Exception {
    byte[] body = "{\"inside\":{\"fString\":\"body\"}}".getBytes(StandardCharsets.UTF_8);
    path("nested").json(body, 0, body.length, out);
    path("nested.inside.fInt32").text("7", out);
    path("nested.inside.numbers").text("1", out);
    path("nested.inside.numbers").text("2", out);
    path("span").text("1.5s", out);
    path("w_int64").text("-3", out);
    path("byText").entry("k", "v", out);
    assertThat(Everything.parseFrom(out.toByteArray()))
        .isEqualTo(
            Everything.newBuilder()
                .setNested(
                    Everything.Nested.newBuilder()
                        .setInside(
                            Everything.newBuilder()
                                .setFString("body")
                                .setFInt32(7)
                                .addNumbers(1)
                                .addNumbers(2)))
                .setSpan(Duration.newBuilder().setSeconds(1).setNanos(500_000_000))
                .setWInt64(Int64Value.of(-3))
                .putByText("k", "v")
                .build());
  }

  @Test
  void whatIsNoFieldIsNotFound() {
    for (String dotted :
        List.of(
            "",
            "nope",
            "nested.",
            ".nested",
            "fInt32.x",
            "many.number",
            "byText.k",
            "span.seconds")) {
      assertThat(TYPE.path(dotted)).as(dotted).isEmpty();
    }
    assertThat(path("nested").takesText()).isFalse();
    assertThat(path("mask").takesText()).isTrue();
    assertThat(path("byText").takesEntries()).isTrue();
    assertThat(path("byNumber").takesEntries()).isFalse();
  }

  @Test
  void aWrongValueIsRefusedWithItsPathAndLeavesNothing() {
    assertThatThrownBy(() -> path("nested.number").text("x", out))
        .hasMessageStartingWith("nested.number: \"x\" (expected: int32");
    assertThatThrownBy(() -> path("fBool").text("True", out)).hasMessageContaining("true or false");
    assertThatThrownBy(() -> path("nested").text("x", out)).hasMessageContaining("text form");
    assertThatThrownBy(() -> path("fString").entry("a", "b", out)).hasMessageContaining("a map");
    assertThat(out.size()).isZero();
  }

  private static FieldPath path(String dotted) {
    return TYPE.path(dotted).orElseThrow();
  }
}
