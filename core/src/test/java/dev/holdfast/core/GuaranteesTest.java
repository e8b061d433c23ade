package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GuaranteesTest {

  @ParameterizedTest
  @EnumSource
  void everyGuaranteeThatASimulationChecksIsInTheDocument(Guarantee guarantee) throws IOException {
    Path document =
        Path.of(System.getProperty("holdfast.root", "..")).resolve("docs/guarantees.md");

    assertThat(Files.readString(document)).contains("| " + guarantee + " |");
  }
}
