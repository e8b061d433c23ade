package dev.holdfast.cli.demo.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoFileRegistryTest {
  @TempDir Path parent;

  @Test
  void theRecordsAreBackAfterTheOutage() throws IOException {
    DemoFileRegistry stage = DemoFileRegistry.inside(parent);
    Path record = directoryOf(stage).resolve("record");
    Files.writeString(record, "i1");
    stage.makeUnavailable();
    assertThat(Files.exists(record)).isFalse();
    stage.makeAvailable();
    assertThat(record).hasContent("i1");
  }

  @Test
  void nobodyCanMakeTheDirectoryAnewWhileItIsAway() throws IOException {
    DemoFileRegistry stage = DemoFileRegistry.inside(parent);
    stage.makeUnavailable();
    assertThatThrownBy(() -> Files.createDirectories(directoryOf(stage).resolve("orders")))
        .isInstanceOf(IOException.class);
  }

  @Test
  void comesBackEvenWhereSomebodyMadeTheDirectoryAnew() throws IOException {
    DemoFileRegistry stage = DemoFileRegistry.inside(parent);
    stage.makeUnavailable();
    Files.delete(directoryOf(stage));
    Files.createDirectories(directoryOf(stage).resolve("orders"));
    Path record = parent.resolve(directoryOf(stage).getFileName() + ".away").resolve("record");
    Files.writeString(record, "i1");
    stage.makeAvailable();
    assertThat(directoryOf(stage).resolve("record")).hasContent("i1");
  }

  @Test
  void leavesNothingBehindEvenWhenClosedDuringTheOutage() throws IOException {
    DemoFileRegistry stage = DemoFileRegistry.inside(parent);
    stage.makeUnavailable();
    stage.close();
    assertThat(parent).isEmptyDirectory();
  }

  private static Path directoryOf(DemoFileRegistry stage) {
    return Path.of("/" + stage.uri().namespace());
  }
}
