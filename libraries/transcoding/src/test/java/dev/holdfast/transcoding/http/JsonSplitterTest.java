package dev.holdfast.transcoding.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonSplitterTest {
  private static final int MOST_BYTES = 60;
  private static final int MOST_DEPTH = 3;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          []                       |
          ` [ ] `                  |
          [1]                      | 1
          [1,2]                    | 1;2
          ` [ 1 , 2 ] `            | 1;2
          [{"a":[1,2]},{}]         | {"a":[1,2]};{}
          ["a,b","]","\\"","\\\\"] | "a,b";"]";"\\"";"\\\\"
          [null,true,-1.5e3]       | null;true;-1.5e3
          [[],[[[]]]]              | [];[[[]]]
          [{"a":"}"}]              | {"a":"}"}
          [ "é€😀" ]               | "é€😀"
          [[[[[]]]]]               | !nested too deep (expected: <= 3)
          [1                       | !the end
          [1,                      | !the end
          [{"a":1}                 | !the end
          [                        | !the end
          ["a                      | !the end
          ``                       | !the end
          [,]                      | !','
          [1,]                     | !']'
          [1,,2]                   | !','
          [1 2]                    | !'2' after an element (expected: , or ])
          [1]]                     | !']' after the array (expected: the end)
          [1]x                     | !'x' after the array
          [1}                      | !'}' after an element
          {"a":1}                  | !'{' (expected: [
          1                        | !'1' (expected: [
          x                        | !'x'
          [1][2]                   | !'[' after the array
          """)
  void splitsArrays(String json, @Nullable String expected) {
    assertThat(split(JsonSplitter.array(MOST_BYTES, MOST_DEPTH), json, 1000))
        .satisfies(outcome -> assertOutcome(outcome, expected));
    assertThat(split(JsonSplitter.array(MOST_BYTES, MOST_DEPTH), json, 1))
        .satisfies(outcome -> assertOutcome(outcome, expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          []                       |
          [{"a":1},{}]             | {"a":1};{}
          ``                       |
          `  `                     |
          {}                       | {}
          {"a":1}{"b":[2]}         | {"a":1};{"b":[2]}
          ` {} {}  `               | {};{}
          1 2                      | 1;2
          "a""b"                   | "a";"b"
          {"a":"}{"}{}             | {"a":"}{"};{}
          {}[1]                    | {};[1]
          {},{}                    | !','
          {}]                      | !']'
          [1]{}                    | !'{' after the array
          {"a":1                   | !the end
          "a                       | !the end
          {}{                      | !the end
          """)
  void splitsArraysAndValuesOneAfterTheOther(String json, @Nullable String expected) {
    for (int piece : new int[] {1, 2, 1000}) {
      assertThat(split(JsonSplitter.arrayOrValues(MOST_BYTES, MOST_DEPTH), json, piece))
          .satisfies(outcome -> assertOutcome(outcome, expected));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``             |
          ~              |
          ~~ ~           |
          {}             | {}
          {}~            | {}
          {}~{"a":1}     | {};{"a":1}
          {}#~ 1 #~      | {};1
          ~{}~~{}~       | {};{}
          {"a":"\\n"}~2  | {"a":"\\n"};2
          broken~x       | broken;x
          """)
  void splitsLines(String json, @Nullable String expected) {
    String lines = json.replace('~', '\n').replace('#', '\r');
    assertOutcome(split(JsonSplitter.lines(MOST_BYTES), lines, 1000), expected);
    assertOutcome(split(JsonSplitter.lines(MOST_BYTES), lines, 1), expected);
  }

  @Test
  void boundsTheSizeOfAMessageAndNotOfTheStream() {
    String fits = "\"" + "a".repeat(MOST_BYTES - 2) + "\"";
    String tooLong = "\"" + "a".repeat(MOST_BYTES - 1) + "\"";
    for (int piece : new int[] {1, 7, 1000}) {
      String array = "[" + (fits + ",").repeat(50) + fits + "]";
      assertThat(split(JsonSplitter.array(MOST_BYTES, 9), array, piece)).hasSize(51);
      assertThat(split(JsonSplitter.lines(MOST_BYTES), (fits + "\n").repeat(50), piece))
          .hasSize(50);
      assertThat(split(JsonSplitter.array(MOST_BYTES, 9), "[" + tooLong + "]", piece))
          .last()
          .asString()
          .startsWith("!413 body: a message of more than 60 bytes");
      assertThat(split(JsonSplitter.lines(MOST_BYTES), tooLong + "\n", piece))
          .last()
          .asString()
          .startsWith("!413");
    }
  }

  @Property(tries = 500)
  void piecesMakeNoDifference(@ForAll("values") List<String> values, @ForAll int seed) {
    String array = "[" + String.join(" ,\n", values) + "]";
    String lines = String.join("\r\n", values);
    assertThat(split(JsonSplitter.array(1 << 20, 100), array, -seed)).isEqualTo(values);
    assertThat(split(JsonSplitter.lines(1 << 20), lines, -seed)).isEqualTo(values);
  }

  @Property(tries = 1000)
  void anyBytesAreSplitAlikeInAnyPieces(@ForAll("garbage") String garbage, @ForAll int seed) {
    assertThat(split(JsonSplitter.array(40, 4), garbage, -seed))
        .isEqualTo(split(JsonSplitter.array(40, 4), garbage, 1000));
  }

  @Provide
  Arbitrary<List<String>> values() {
    return Arbitraries.of(
            "1", "\"a\"", "\"\\\"]\"", "{\"a\":[{},\"}\"]}", "[]", "null", "\"é\\\\\"", "{}")
        .list()
        .ofMaxSize(12);
  }

  @Provide
  Arbitrary<String> garbage() {
    return Arbitraries.of("[", "]", "{", "}", ",", "\"", "\\", " ", "1", "a", ":", "\n")
        .list()
        .ofMaxSize(30)
        .map(parts -> "[" + String.join("", parts));
  }

  private static void assertOutcome(List<?> outcome, @Nullable String expected) {
    if (expected != null && expected.startsWith("!")) {
      assertThat(outcome)
          .last()
          .asString()
          .startsWith("!400 body: ")
          .contains(expected.substring(1));
    } else {
      assertThat(outcome).isEqualTo(expected == null ? List.of() : List.of(expected.split(";")));
    }
  }

  /** The values, and a failure with its status at the end; random pieces for negative sizes. */
  private static List<String> split(JsonSplitter splitter, String json, int piece) {
    List<String> values = new ArrayList<>();
    JsonSplitter.JsonValueHandler jsonValueHandler =
        (bytes, offset, length) ->
            values.add(new String(bytes, offset, length, StandardCharsets.UTF_8));
    byte[] bytes = ("#" + json).getBytes(StandardCharsets.UTF_8);
    Random random = new Random(piece);
    RequestRefusedException failure =
        catchThrowableOfType(
            RequestRefusedException.class,
            () -> {
              for (int at = 1; at < bytes.length; ) {
                int size = piece > 0 ? piece : random.nextInt(8);
                int length = Math.min(size, bytes.length - at);
                splitter.feed(bytes, at, length, jsonValueHandler);
                at += length;
              }
              splitter.end(jsonValueHandler);
            });
    if (failure != null) {
      values.add("!" + failure.httpStatus() + " " + failure.getMessage());
    }
    return values;
  }
}
