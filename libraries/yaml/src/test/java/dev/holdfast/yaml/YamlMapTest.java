package dev.holdfast.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class YamlMapTest {
  private static final TunableNumber COUNT = new TunableNumber("count", 1, 10, 5, "Some.");
  private static final TunableDuration WAIT =
      new TunableDuration(
          "wait", Duration.ofMillis(1), Duration.ofHours(1), Duration.ofSeconds(1), "A time.");

  private final YamlProblems problems = new YamlProblems("f.yaml");

  @Test
  void everyMistakeIsNotedWithItsLineAndReadsAsAbsent() {
    YamlMap top =
        YamlMap.read(
            problems, "count: 11\nwait: 5\nitems:\n  - {name: [a]}\n  - nothing\n", "a map");
    assertThat(top.number("count", COUNT)).isEmpty();
    assertThat(top.duration("wait", WAIT)).isEmpty();
    YamlMap items = top.list("items", "a list");
    for (String item : items.keys()) {
      assertThat(items.map(item, "a map with a name").text("name", "a name")).isEmpty();
    }

    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(problems::throwIfAny)
        .satisfies(
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "f.yaml:1: count: 11 (expected: 1 to 10)",
                        "f.yaml:2: wait: \"5\" (expected: a number and ms, s, m or h, such as"
                            + " 250ms)",
                        "f.yaml:4: items[0].name: a list (expected: a name)",
                        "f.yaml:5: items[1]: nothing (expected: a map with a name)"));
  }

  @Test
  void anUnknownKeyIsNamedWithTheNearestOneOrWithAll() {
    YamlMap top = YamlMap.read(problems, "listner: 1\nzzz: 2\n", "a map");
    top.requireKnown(Set.of("listener", "routes"));

    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(problems::throwIfAny)
        .withMessage(
            "f.yaml:1: listner: unknown (expected: listener)\n"
                + "f.yaml:2: zzz: unknown (expected: one of listener, routes)");
  }

  @Test
  void aKeyThatStandsTwiceIsAMistake() {
    YamlMap.read(problems, "a: 1\na: 2\n", "a map");

    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(problems::throwIfAny)
        .withMessage("f.yaml:2: a: twice (expected: once)");
  }

  @Test
  void problemsAreToldOnceEachInTheOrderOfTheLines() {
    YamlMap top = YamlMap.read(problems, "a: {b: 1, b: 2}\nc: 1\n", "a map");
    top.problem("c", "1", "2");
    top.map("a", "a map");
    top.map("a", "a map");

    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(problems::throwIfAny)
        .withMessage("f.yaml:1: a.b: twice (expected: once)\nf.yaml:2: c: 1 (expected: 2)");
  }

  @Test
  void aLineThatIsIndentedOtherwiseThanThoseBesideItIsSaidToBe() {
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> YamlMap.read(problems, "a:\n  - b: 1\n c: 2\n", "a map"))
        .withMessageStartingWith("f.yaml:3: ")
        .withMessageEndingWith("is this line indented as those beside it?)");
  }

  @Test
  void whatIsNoYamlIsRefusedWithItsLine() {
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> YamlMap.read(problems, "a: 1\nb: [\n", "a map"))
        .withMessageStartingWith("f.yaml:3: ")
        .withMessageEndingWith("(expected: YAML)");
  }

  @Test
  void anEmptyTextIsAnEmptyMap() {
    assertThat(YamlMap.read(problems, "# nothing\n", "a map").keys()).isEmpty();
    problems.throwIfAny();
  }

  @Test
  void aTextThatIsTooLongIsRefusedUnread() {
    String text = "#" + "x".repeat(YamlMap.MAX_CHARS);
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> YamlMap.read(problems, text, "a map"))
        .withMessage("f.yaml:1: 1000001 characters (expected: at most 1000000)");
  }
}
