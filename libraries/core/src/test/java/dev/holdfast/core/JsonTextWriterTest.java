package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class JsonTextWriterTest {
  @Test
  void fieldsAndElementsAreSeparated() {
    JsonTextWriter json = new JsonTextWriter().object().with("a", "x").with("b", 1L);
    json.array("c").value("y").object().with("d", true).endObject().array().endArray().endArray();
    json.object("e").endObject().withJson("f", "[0]").endObject();

    assertThat(json)
        .hasToString("{\"a\":\"x\",\"b\":1,\"c\":[\"y\",{\"d\":true},[]],\"e\":{},\"f\":[0]}");
    assertThat(json.toByteArray()).isEqualTo(json.toString().getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void fieldsWithoutAnObjectHaveNoBraces() {
    assertThat(new JsonTextWriter().with("a", 1L).withAny("b", "").withAny("c", "d"))
        .hasToString("\"a\":1,\"c\":\"d\"");
  }

  @Test
  void controlCharactersAreEscaped() {
    assertThat(JsonTextWriter.quoted("a\"b\\c\n\r\t\b\f\0\u001b"))
        .isEqualTo("\"a\\\"b\\\\c\\n\\r\\t\\u0008\\u000c\\u0000\\u001b\"");
    assertThat(JsonTextWriter.quoted("\u007f\u0080\u009b\u009f\u00a0é/"))
        .isEqualTo("\"\\u007f\\u0080\\u009b\\u009f\u00a0é/\"");
  }

  @Test
  void lineSeparatorsAreEscaped() {
    assertThat(JsonTextWriter.quoted("\u2027\u2028\u2029\u202a"))
        .isEqualTo("\"\u2027\\u2028\\u2029\u202a\"");
  }

  @Test
  void loneSurrogateIsReplacedAndAPairStays() {
    assertThat(JsonTextWriter.quoted("😀")).isEqualTo("\"😀\"");
    assertThat(JsonTextWriter.quoted("\ud83d")).isEqualTo("\"\ufffd\"");
    assertThat(JsonTextWriter.quoted("\ude00\ud83dx")).isEqualTo("\"\ufffd\ufffdx\"");
    assertThat(JsonTextWriter.quoted("\ud83d\ud83d\ude00\ude00"))
        .isEqualTo("\"\ufffd\ud83d\ude00\ufffd\"");
  }

  @Test
  void nameIsEscapedAsAValueIs() {
    assertThat(new JsonTextWriter().object().with("\"\n", "").endObject())
        .hasToString("{\"\\\"\\n\":\"\"}");
  }

  @Test
  void numberOfAFieldHasThreeDecimalPlaces() {
    JsonTextWriter json = new JsonTextWriter().with("a", 1.23456).with("b", 2.0).with("c", -0.0004);
    assertThat(json).hasToString("\"a\":1.235,\"b\":2.0,\"c\":0.0");
  }

  @Test
  void notANumberAndInfinityAreNull() {
    JsonTextWriter json =
        new JsonTextWriter().with("a", Double.NaN).with("b", Double.NEGATIVE_INFINITY);
    json.withValue("c", Double.POSITIVE_INFINITY).withValue("d", List.of(Double.NaN, 0.1));
    assertThat(json).hasToString("\"a\":null,\"b\":null,\"c\":null,\"d\":[null,0.1]");
  }

  @Test
  void valueIsAMapAListANumberOrAText() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("text", "a\"b");
    map.put("numbers", Arrays.asList(1, 2L, 0.25, null));
    map.put("truth", Map.of("yes", true));
    map.put("other", Thread.State.NEW);
    assertThat(new JsonTextWriter().value(map))
        .hasToString(
            "{\"text\":\"a\\\"b\",\"numbers\":[1,2,0.25,null],"
                + "\"truth\":{\"yes\":true},\"other\":\"NEW\"}");
  }

  @Property
  void anotherParserReadsWhatWasWritten(@ForAll("texts") String text) throws IOException {
    byte[] json = new JsonTextWriter().object().with(text, text).endObject().toByteArray();
    // What UTF-8 can't say is replaced, one character for one, as the JDK's encoder would do.
    String expected = wellFormed(text);
    assertThat(new String(json, StandardCharsets.UTF_8)).doesNotContainPattern("\\p{Cntrl}");
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      assertThat(parser.nextToken()).isEqualTo(JsonToken.START_OBJECT);
      assertThat(parser.nextFieldName()).isEqualTo(expected);
      assertThat(parser.nextTextValue()).isEqualTo(expected);
    }
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<Character> awkward =
        Arbitraries.of('"', '\\', '\n', '\0', '\u0085', '\u2028', '\ud83d', '\ude00', 'a');
    return Arbitraries.oneOf(
        awkward.list().ofMaxSize(8).map(JsonTextWriterTest::text),
        Arbitraries.strings().ofMaxLength(20));
  }

  private static String text(List<Character> characters) {
    StringBuilder text = new StringBuilder();
    characters.forEach(text::append);
    return text.toString();
  }

  private static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
  }
}
