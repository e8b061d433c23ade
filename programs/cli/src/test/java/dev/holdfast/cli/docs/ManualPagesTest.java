package dev.holdfast.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.cli.HoldfastCommand;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pages that groff and mandoc read without a word. ./verify installs both. */
class ManualPagesTest {
  private static final Map<String, String> PAGES =
      ManualPages.of(HoldfastCommand.commandLine(), "2026-01-31", "1.2.3");

  @TempDir private Path scratch;

  @Test
  void eachCommandHasAPageWithItsOptions() {
    assertThat(PAGES)
        .containsKeys("holdfast.1", "holdfast-run.1", "holdfast-kubernetes-manifest-client.1")
        .doesNotContainKey("holdfast-docs.1");
    assertThat(PAGES.get("holdfast-gateway.1"))
        .contains(".TH \"HOLDFAST\\-GATEWAY\" 1 2026-01-31 \"holdfast 1.2.3\"")
        .contains("\\fB\\-\\-handover\\fR \\fISOCKET\\fR")
        .contains("\\fBholdfast\\-gateway\\-check\\fR(1)");
  }

  @Test
  void groffFormatsEachPageWithoutAWarning() throws Exception {
    assertThat(output(command("groff", "-man", "-ww", "-z"))).isEmpty();
  }

  @Test
  void mandocHasNothingToSayOfAPage() throws Exception {
    assertThat(output(command("mandoc", "-Tlint", "-Wwarning"))).isEmpty();
  }

  @Test
  void readerSeesOptionsAsTheyAreTyped() throws Exception {
    List<String> command = new ArrayList<>(List.of("groff", "-man", "-Tascii", "-P-cbou"));
    command.add(
        Files.writeString(scratch.resolve("page.1"), PAGES.get("holdfast-completion.1"))
            .toString());

    assertThat(output(command))
        .contains("holdfast-completion - print a completion script for bash, zsh or fish")
        .contains("source <(holdfast completion bash)");
  }

  @Test
  void charactersOfRoffAreEscaped() throws Exception {
    RoffPage page = new RoffPage("x", "2026-01-31", "x");
    page.section("NAME");
    page.paragraph("", ".x 'y' \\z ~a ^b `c` \"d\" -e \u00e4");
    page.example(List.of(".first", "'second"));
    Path file = Files.writeString(scratch.resolve("x.1"), page.toString());

    assertThat(output(List.of("groff", "-man", "-Tutf8", "-P-cbou", "-ww", file.toString())))
        .contains(".x 'y' \\z ~a ^b `c` \"d\" -e \u00e4")
        .contains(".first")
        .contains("'second");
  }

  private List<String> command(String... words) throws Exception {
    List<String> command = new ArrayList<>(Arrays.asList(words));
    for (Map.Entry<String, String> page : PAGES.entrySet()) {
      command.add(Files.writeString(scratch.resolve(page.getKey()), page.getValue()).toString());
    }
    return command;
  }

  /** What a program writes; one that is missing fails the test. */
  private static String output(List<String> command) throws Exception {
    Process program = new ProcessBuilder(command).redirectErrorStream(true).start();
    program.getOutputStream().close();
    String output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(program.waitFor()).as(output).isZero();
    return output;
  }
}
