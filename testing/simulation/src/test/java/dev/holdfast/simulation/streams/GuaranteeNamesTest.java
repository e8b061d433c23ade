package dev.holdfast.simulation.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GuaranteeNamesTest {
  private static final Path DOCUMENT =
      Path.of(System.getProperty("holdfast.root", "..")).resolve("docs/guarantees.md");

  @ParameterizedTest
  @EnumSource
  void everyGuaranteeOfTheSimulationIsInTheDocument(Guarantee guarantee) throws IOException {
    assertThat(Files.readString(DOCUMENT)).contains("| " + guarantee + " |");
  }
}
