package dev.holdfast.testrunner.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageParserTest {
  private static List<PageStep> steps(String page) {
    return new PageParser(Path.of("page.md"), page.lines().toList()).steps();
  }

  @Test
  void readsFilesCommandsOutputAndCtrlC() {
    List<PageStep> steps =
        steps(
            """
            # Page

            ```java title="src/App.java"
            class App {}

            // end
            ```

            ```console
            $ build \\
                --fast
            $ serve
            ready
            ...
            ```
            ```console title="client"
            $ call
            ok
            ```
            ```text
            a picture
            ```
            ```console
            served=1
            ^C
            ```
            """);

    assertThat(steps)
        .containsExactly(
            new PageStep.WriteFile(3, "src/App.java", "class App {}\n\n// end\n"),
            new PageStep.TypeCommand(10, "terminal 1", "build \\\n    --fast", List.of(), false),
            new PageStep.TypeCommand(
                12,
                "terminal 1",
                "serve",
                List.of(new OutputLine(13, "ready"), new OutputLine(14, "...")),
                true),
            new PageStep.TypeCommand(
                17, "client", "call", List.of(new OutputLine(18, "ok")), false),
            new PageStep.AwaitOutput(
                24, "terminal 1", List.of(new OutputLine(24, "served=1")), true),
            new PageStep.PressInterrupt(25, "terminal 1"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "```sh;echo;```|page.md:1: ```sh (expected: a title, console or text)",
        "  ```console;$ a;  ```|page.md:1:   ```console (expected: ```LANGUAGE",
        "```console;$ a|page.md:1: block without an end (expected: ```)",
        "```console;printed;```|page.md:2: terminal 1: no command before",
        "```yaml title=\"../a\";a;```|page.md:1: title: ../a (expected: a file below",
        "```yaml title=\"/a\";a;```|page.md:1: title: /a (expected: a file below",
        "text|page.md:1: no command (expected: a block console with one)",
      })
  void namesTheLineOfAMistake(String page, String message) {
    assertThatThrownBy(() -> steps(page.replace(';', '\n')))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message.strip());
  }
}
