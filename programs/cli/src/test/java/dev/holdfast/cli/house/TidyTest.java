package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the compiler and ArchUnit can't see of the house style, read from the sources. */
class TidyTest {
  private static final List<SourceTree.File> TREE = readTree();

  static List<TidyRule> rules() {
    return TidyRules.ALL;
  }

  @ParameterizedTest
  @MethodSource("rules")
  void treeKeepsTheRule(TidyRule rule) {
    assertThat(rule.check().apply(TREE)).as(rule.name()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("rules")
  void ruleCanFail(TidyRule rule) {
    assertThat(rule.check().apply(rule.guilty())).as(rule.name()).isNotEmpty();
  }

  @Test
  void readsMainTestsAndScripts() {
    assertThat(TREE)
        .extracting(SourceTree.File::path)
        .contains("pom.xml", "holdfast", "bench/run", "libraries/core/pom.xml")
        .contains("libraries/core/src/main/java/dev/holdfast/core/package-info.java")
        .contains("programs/cli/src/test/java/dev/holdfast/cli/house/TidyTest.java");
  }

  private static List<SourceTree.File> readTree() {
    try {
      List<SourceTree.File> files = SourceTree.read();
      JavaShape.parseAll(files.stream().filter(SourceTree.File::isJava).toList());
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
