package dev.holdfast.testrunner.guide;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuideRunnerTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  private void page(String name, String needs, String text) throws IOException {
    Path pages = Files.createDirectories(folder.resolve("pages"));
    Files.writeString(
        pages.resolve(name + ".md"),
        "<!-- Run by scripts/guide. Needs: " + needs + ". -->\n```console\n" + text + "\n```\n");
  }

  private int run(String... more) throws Exception {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--pages",
                folder.resolve("pages").toString(),
                "--scratch",
                folder.resolve("scratch").toString()));
    args.addAll(List.of(more));
    Map<String, String> environment =
        Map.of("PATH", System.getenv("PATH"), "HOLDFAST_REGISTRY", "x", "JAVA_TOOL_OPTIONS", "y");
    return GuideRunner.run(args, environment, new PrintStream(said, true, StandardCharsets.UTF_8));
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void runsEachPageInAFreshFolderWithoutVariablesOfHoldfast() throws Exception {
    page("one", "bash", "$ ls; echo \"<$HOLDFAST_REGISTRY$JAVA_TOOL_OPTIONS>\"; touch file\n<>");
    Files.writeString(folder.resolve("pages/prose.md"), "```sh\nnot run\n```\n");

    assertThat(run()).isZero();
    assertThat(run()).isZero();

    assertThat(said()).containsPattern("RESULT pages=1 failed=0 skipped=0 one_s=[0-9.]+\n$");
    assertThat(folder.resolve("scratch/one")).doesNotExist();
  }

  @Test
  void aPageThatFailsIsNamedWithItsLineAndTheOthersRun() throws Exception {
    page("one", "bash", "$ false");
    page("two", "bash", "$ true");

    assertThat(run("--keep")).isEqualTo(1);

    assertThat(said())
        .contains("one.md:3: terminal 1: exit code 1 (expected: 0)\n")
        .contains("RESULT pages=2 failed=1 skipped=0 one_s=");
    assertThat(folder.resolve("scratch/two")).exists();
  }

  @Test
  void aPageWhoseProgramsAreMissingIsSkipped() throws Exception {
    page("one", "bash no-such-program", "$ true");

    assertThat(run()).isEqualTo(3);

    assertThat(said())
        .isEqualTo("skipped: one: missing: no-such-program\nRESULT pages=1 failed=0 skipped=1\n");
  }

  @Test
  void refusesWrongArguments() throws Exception {
    page("one", "bash", "$ true");

    assertThat(run("two")).isEqualTo(2);
    assertThat(run("--what")).isEqualTo(2);
    assertThat(GuideRunner.run(List.of("--pages"), Map.of(), new PrintStream(said))).isEqualTo(2);
    assertThat(said())
        .contains("page: two (expected: one of one)")
        .contains("--what: unknown (expected: an option)")
        .contains("--pages: no value (expected: one)");
  }

  @Test
  void listsPagesWithTheirNeeds() throws Exception {
    page("one", "bash mvn", "$ true");

    assertThat(run("--list")).isZero();
    assertThat(said()).isEqualTo("one bash mvn\n");
  }
}
