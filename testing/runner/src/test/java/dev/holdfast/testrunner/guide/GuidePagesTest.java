package dev.holdfast.testrunner.guide;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The pages of docs/guide themselves. */
class GuidePagesTest {
  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  private static final Path PAGES = ROOT.resolve("docs/guide");

  @Test
  void everyPageThatIsRunIsASmoke() throws IOException {
    List<String> smokes = Files.readAllLines(ROOT.resolve("testing/runner/smokes.txt"));

    assertThat(GuidePage.all(PAGES))
        .isNotEmpty()
        .allSatisfy(
            page ->
                assertThat(smokes)
                    .as(page.name())
                    .anyMatch(row -> row.endsWith("| scripts/guide " + page.name())));
  }

  @Test
  void everyPageWithCommandsToTypeIsRun() throws IOException {
    List<Path> run = GuidePage.all(PAGES).stream().map(GuidePage::file).toList();
    List<Path> files;
    try (Stream<Path> listed = Files.list(PAGES)) {
      files = listed.filter(file -> !run.contains(file)).toList();
    }
    for (Path file : files) {
      assertThat(file).content().as("page that nothing runs").doesNotContain("```console");
    }
  }
}
