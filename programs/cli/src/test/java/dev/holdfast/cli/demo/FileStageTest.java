package dev.holdfast.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStageTest {
  @TempDir Path parent;

  @Test
  void theRecordsAreBackAfterTheOutage() throws IOException {
    FileStage stage = FileStage.inside(parent);
    Path record = directoryOf(stage).resolve("record");
    Files.writeString(record, "i1");
    stage.takeAway();
    assertThat(Files.exists(record)).isFalse();
    stage.bringBack();
    assertThat(record).hasContent("i1");
  }

  @Test
  void nobodyCanMakeTheDirectoryAnewWhileItIsAway() throws IOException {
    FileStage stage = FileStage.inside(parent);
    stage.takeAway();
    assertThatThrownBy(() -> Files.createDirectories(directoryOf(stage).resolve("orders")))
        .isInstanceOf(IOException.class);
  }

  @Test
  void comesBackEvenWhereSomebodyMadeTheDirectoryAnew() throws IOException {
    FileStage stage = FileStage.inside(parent);
    stage.takeAway();
    Files.delete(directoryOf(stage));
    Files.createDirectories(directoryOf(stage).resolve("orders"));
    Path record = parent.resolve(directoryOf(stage).getFileName() + ".away").resolve("record");
    Files.writeString(record, "i1");
    stage.bringBack();
    assertThat(directoryOf(stage).resolve("record")).hasContent("i1");
  }

  @Test
  void leavesNothingBehindEvenWhenClosedDuringTheOutage() throws IOException {
    FileStage stage = FileStage.inside(parent);
    stage.takeAway();
    stage.close();
    assertThat(parent).isEmptyDirectory();
  }

  private static Path directoryOf(FileStage stage) {
    return Path.of("/" + stage.uri().namespace());
  }
}
