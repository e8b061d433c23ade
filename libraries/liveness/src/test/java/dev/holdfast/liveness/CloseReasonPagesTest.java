package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.CloseReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A search for a code finds its meaning and the remedy. */
class CloseReasonPagesTest {

  @ParameterizedTest
  @EnumSource(CloseReason.class)
  void everyCodeHasItsPage(CloseReason reason) throws IOException {
    Path root = Path.of(System.getProperty("holdfast.root", ".."));
    String pages = Files.readString(root.resolve("docs/close-reasons.md"));
    String heading = "## " + reason.code() + " " + reason.name() + "\n";
    assertThat(pages).contains(heading);
    String page = pages.substring(pages.indexOf(heading) + heading.length()).split("\n## ", 2)[0];
    assertThat(page).contains("**Symptom**", "**Cause**", "**What to do**");
  }
}
