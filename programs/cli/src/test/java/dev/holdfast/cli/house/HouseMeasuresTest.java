package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each measure of {@link HouseMeasures}, on a small tree of its own. */
class HouseMeasuresTest {
  @TempDir Path root;

  @BeforeEach
  void emptyTree() throws IOException {
    Files.writeString(root.resolve("ARCHITECTURE.md"), "x".repeat(120) + "\n");
  }

  private void source(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private double measure(String key) throws IOException {
    return HouseMeasures.of(root, false).value(key);
  }

  @Test
  void nameInTwoProductFilesIsADuplicate() throws IOException {
    source("libraries/a/src/main/java/x/Lease.java", "final class Lease {}");
    source("programs/b/src/main/java/y/Lease.java", "public record Lease(int a) {}");
    source("testing/c/src/main/java/z/Other.java", "class Other {}");
    source("programs/b/src/main/java/y/Other.java", "class Other {}");
    assertThat(measure("duplicate_names")).isEqualTo(1);
  }

  @Test
  void commentsAreCountedByTheirFirstWords() throws IOException {
    source(
        "libraries/a/src/main/java/x/A.java",
        """
        /** %s is kept of a call while it waits. */
        class A {
          /** The delay. */
          int delay;

          /** The number of calls that wait, on this event loop. */
          int calls;

          /** The state of a connection since it opened. */
          int state;
        }
        """
            .formatted("What"));
    assertThat(measure("pronoun_openers_pct")).isEqualTo(25);
    assertThat(measure("short_comments_pct")).isEqualTo(25);
  }

  @Test
  void abstractClassNeedsTwoSubclasses() throws IOException {
    source("libraries/a/src/main/java/x/Half.java", "abstract class Half {}");
    source("libraries/a/src/main/java/x/Part.java", "final class Part extends Half {}");
    source("libraries/a/src/main/java/x/Both.java", "abstract class Both {}");
    source("libraries/a/src/main/java/x/One.java", "final class One extends Both {}");
    source("libraries/a/src/test/java/x/Two.java", "final class Two extends Both {}");
    assertThat(measure("single_subclass")).isEqualTo(1);
  }

  @Test
  void abstractClassWithOneSubclassMaySayWhy() throws IOException {
    source(
        "libraries/a/src/main/java/x/Half.java",
        """
        /**
         * Outputs that are pending. A superclass and not a field, because one more object for each
         * connection is expensive.
         */
        @PureCore
        abstract class Half {}
        """);
    source("libraries/a/src/main/java/x/Part.java", "final class Part extends Half {}");
    assertThat(measure("single_subclass")).isZero();
  }

  @Test
  void limitNeedsItsMark() throws IOException {
    source(
        "libraries/a/src/main/java/x/A.java",
        """
        class A {
          @Limit(of = "calls that wait", then = "the next one is refused")
          static final int MAX_CALLS = 3;

          static final int MAX_BYTES = 4;
        }
        """);
    assertThat(measure("unmarked_limits")).isEqualTo(1);
  }

  @Test
  void simulatorsAreNoProductCode() throws IOException {
    source("libraries/a/src/main/java/x/rehearsal/World.java", "class World {}");
    source("libraries/a/src/main/java/x/FaultIntervals.java", "class FaultIntervals {}");
    source("testing/b/src/main/java/x/rehearsal/World.java", "class World {}");
    assertThat(measure("test_code_in_jars")).isEqualTo(2);
  }

  @Test
  void packageIsCountedInFiles() throws IOException {
    for (int i = 0; i < 3; i++) {
      source("libraries/a/src/main/java/x/A" + i + ".java", "class A" + i + " {}");
    }
    source("libraries/a/src/main/java/x/package-info.java", "package x;");
    assertThat(measure("largest_package")).isEqualTo(3);
  }

  @Test
  void resultHasEveryMeasureAndTheVerdict() throws IOException {
    HouseMeasures measures = HouseMeasures.of(root, false);
    assertThat(measures.result())
        .isEqualTo(
            "RESULT duplicate_names=0 pronoun_openers_pct=0 short_comments_pct=0"
                + " single_subclass=0 longest_architecture_line=120 test_code_in_jars=0"
                + " unmarked_limits=0 largest_package=0");
    assertThat(measures.areKept()).isTrue();

    Files.writeString(root.resolve("ARCHITECTURE.md"), "x".repeat(201) + "\n");
    assertThat(HouseMeasures.of(root, false).areKept()).isFalse();
  }
}
