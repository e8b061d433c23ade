package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.cli.dashboards.ObservabilityFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Documents that code writes equal what is committed; {@code -Dholdfast.docs.write} renews them.
 */
class GeneratedDocsTest {
  static List<GeneratedDoc> docs() {
    return GeneratedDoc.ALL;
  }

  @ParameterizedTest
  @MethodSource("docs")
  void committedTextIsWhatTheCodeSays(GeneratedDoc doc) throws IOException {
    Path file = SourceTree.root().resolve(doc.file());
    String committed = Files.readString(file);
    String generated = doc.applyTo(committed);
    if (Boolean.getBoolean("holdfast.docs.write")) {
      Files.writeString(file, generated);
      return;
    }
    assertThat(committed)
        .as("%s drifted; renew it with the command in CONTRIBUTING.md", doc)
        .isEqualTo(generated);
  }

  static Set<Map.Entry<String, String>> observabilityFiles() {
    return ObservabilityFiles.all().entrySet();
  }

  @ParameterizedTest
  @MethodSource("observabilityFiles")
  void committedDashboardsAndAlertsAreWhatTheCodeSays(Map.Entry<String, String> generated)
      throws IOException {
    Path file = SourceTree.root().resolve(ObservabilityFiles.FOLDER).resolve(generated.getKey());
    if (Boolean.getBoolean("holdfast.docs.write")) {
      Files.writeString(file, generated.getValue());
      return;
    }
    assertThat(file)
        .as("%s drifted; renew it with the command in CONTRIBUTING.md", file)
        .hasContent(generated.getValue());
  }

  @Test
  void driftIsCaught() {
    GeneratedDoc doc = new GeneratedDoc("x.md", "part", () -> "new\n");
    String committed = "a\n<!-- generated: part -->\nold\n<!-- end: part -->\nb\n";
    assertThat(doc.applyTo(committed))
        .isNotEqualTo(committed)
        .isEqualTo("a\n<!-- generated: part -->\nnew\n<!-- end: part -->\nb\n");
  }

  @Test
  void missingMarkersAreNamed() {
    GeneratedDoc doc = new GeneratedDoc("x.md", "part", () -> "new");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> doc.applyTo("nothing here"))
        .withMessageContaining("x.md: no part part");
  }
}
