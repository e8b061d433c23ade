package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SmokeRunnerTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  @BeforeEach
  void listOfTwo() throws IOException {
    list("one | heavy | 60 | echo RESULT one=1", "two | light | 60 | printenv JAVA_TOOL_OPTIONS");
  }

  private void list(String... rows) throws IOException {
    Path list = folder.resolve("testing/runner/smokes.txt");
    Files.createDirectories(list.getParent());
    Files.write(list, List.of(rows));
  }

  private int run(Map<String, String> environment, String... more) throws Exception {
    List<String> args =
        new ArrayList<>(
            List.of("--root", folder.toString(), "--logs", folder.resolve("logs").toString()));
    args.addAll(List.of(more));
    return SmokeRunner.run(args, environment, new PrintStream(said, true, StandardCharsets.UTF_8));
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void everySmokeRuns() throws Exception {
    assertThat(run(Map.of("JAVA_TOOL_OPTIONS", "-Dknown=1"))).isZero();

    assertThat(said())
        .contains("one: exit 0, ")
        .contains("RESULT one=1\n")
        .contains("two: exit 0, ")
        .endsWith("Smokes: 2, Failed: 0, Skipped: 0\n");
    assertThat(folder.resolve("logs/smoke-two.log"))
        .content()
        .isEqualTo(
            "-Dknown=1 -XX:+IgnoreUnrecognizedVMOptions -XX:TieredStopAtLevel=1"
                + " -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
                + " -XX:+NeverActAsServerClassMachine\n");
  }

  @Test
  void programsThatNameNoCollectorHaveTheSerialOneAndTheSameHeap() throws Exception {
    String java = System.getProperty("java.home") + "/bin/java";
    String printFlags = " -XX:+PrintFlagsFinal -version";
    Files.writeString(folder.resolve("none"), java + printFlags);
    Files.writeString(folder.resolve("other"), java + " -XX:+UseParallelGC" + printFlags);
    Files.writeString(folder.resolve("serial"), java + " -XX:+UseSerialGC" + printFlags);
    list(
        "none | heavy | 60 | bash none",
        "other | heavy | 60 | bash other",
        "serial | heavy | 60 | bash serial");

    assertThat(run(Map.of())).as(said()).isZero();

    assertThat(flag("none", "UseSerialGC")).isEqualTo("true");
    assertThat(flag("other", "UseParallelGC")).isEqualTo("true");
    assertThat(flag("none", "MaxHeapSize")).isEqualTo(flag("serial", "MaxHeapSize"));
  }

  private String flag(String smoke, String name) throws IOException {
    Pattern line = Pattern.compile("\\w+ +" + name + " += (\\w+) .*");
    return Files.readAllLines(folder.resolve("logs/smoke-" + smoke + ".log")).stream()
        .map(text -> line.matcher(text.strip()))
        .filter(Matcher::matches)
        .map(matcher -> matcher.group(1))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void failureOfOneIsThatOfAll() throws Exception {
    Files.writeString(folder.resolve("impossible"), "exit 3\n");
    list(
        "one | heavy | 60 | false",
        "two | light | 60 | bash impossible",
        "three | heavy | 60 | true");

    assertThat(run(Map.of())).isEqualTo(1);

    assertThat(said())
        .contains("one: exit 1, ")
        .contains("three: exit 0, ")
        .endsWith("Smokes: 3, Failed: 1 (one), Skipped: 1 (two)\n");
  }

  @Test
  void heavyOnesNeverRunAtTheSameTime() throws Exception {
    // A folder that is there already makes mkdir fail.
    Files.writeString(
        folder.resolve("alone"), "mkdir busy && for i in {1..20000}; do :; done && rmdir busy\n");
    String[] rows = new String[8];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = "heavy-" + i + " | heavy | 60 | bash alone";
    }
    list(rows);

    assertThat(run(Map.of())).as(said()).isZero();
  }

  @Test
  void atMostTwoThatWaitRunAtTheSameTime() throws Exception {
    Files.writeString(
        folder.resolve("in-two"),
        """
        for folder in first second; do
          if mkdir $folder; then
            for i in {1..20000}; do :; done
            exec rmdir $folder
          fi
        done 2>/dev/null
        exit 1
        """);
    String[] rows = new String[8];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = "waiting-" + i + " | waiting | 60 | bash in-two";
    }
    list(rows);

    assertThat(run(Map.of())).as(said()).isZero();
  }

  @Test
  void smokesOfALoadCanBeChosen() throws Exception {
    list("one | heavy | 60 | true", "two | light | 60 | true", "three | waiting | 60 | true");

    assertThat(run(Map.of(), "--load", "waiting")).isZero();
    assertThat(said()).contains("three: exit 0").endsWith("Smokes: 1, Failed: 0, Skipped: 0\n");

    said.reset();
    assertThat(run(Map.of(), "--load", "heavy", "--load", "light")).isZero();
    assertThat(said())
        .contains("one: exit 0", "two: exit 0")
        .endsWith("Smokes: 2, Failed: 0, Skipped: 0\n");
  }

  @Test
  void choiceOfNoSmokeIsRefused() throws Exception {
    assertThat(run(Map.of(), "--name", "one", "--load", "light")).isEqualTo(2);

    assertThat(said()).contains("--name and --load: no smoke of ", "(expected: at least one)");
  }

  @Test
  void unknownLoadIsRefused() throws Exception {
    assertThat(run(Map.of(), "--load", "idle")).isEqualTo(2);

    assertThat(said()).contains("--load: idle (expected: heavy, light or waiting)");
  }

  @Test
  void oneSmokeCanBeChosen() throws Exception {
    assertThat(run(Map.of(), "--name", "one")).isZero();

    assertThat(said()).doesNotContain("two: ").endsWith("Smokes: 1, Failed: 0, Skipped: 0\n");
  }

  @Test
  void unknownNameIsRefused() throws Exception {
    assertThat(run(Map.of(), "--name", "three")).isEqualTo(2);

    assertThat(said()).contains("--name: three (expected: a smoke of testing/runner/smokes.txt)");
  }

  @Test
  void benchmarkWithoutARowIsRefused() throws Exception {
    assertThat(run(Map.of(), "--benchmark", "one", "--benchmark", "new")).isEqualTo(2);

    assertThat(said()).contains("benchmark new: no smoke (expected: a row in ");
  }

  @Test
  void wrongArgumentsAreRefused() throws Exception {
    assertThat(run(Map.of(), "--fast", "1")).isEqualTo(2);
    assertThat(run(Map.of(), "--name")).isEqualTo(2);

    assertThat(said())
        .contains("smokes: --fast: unknown (expected: an option)")
        .contains("smokes: --name: no value (expected: one)")
        .contains("Usage: smokes");
  }
}
