package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStampTest {
  @TempDir Path folder;
  private Path file;
  private FileStamp first;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("a");
    Files.writeString(file, "text");
    first = FileStamp.of(file);
  }

  @Test
  void isTheSameWhileNothingIsWritten() throws IOException {
    assertThat(FileStamp.of(file)).isEqualTo(first);
    assertThat(first.sizeBytes()).isEqualTo(4);
    assertThat(FileStamp.of(file).isRenamedOver(first)).isFalse();
  }

  @Test
  void seesAnotherSize() throws IOException {
    Files.writeString(file, "texts");
    assertThat(FileStamp.of(file)).isNotEqualTo(first);
    assertThat(FileStamp.of(file).isRenamedOver(first)).isFalse();
  }

  @Test
  void seesAFileOfTheSameTimeAndSizeThatIsRenamedOverIt() throws IOException {
    Path other = folder.resolve("b");
    Files.writeString(other, "next");
    Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);

    FileStamp second = FileStamp.of(file);
    assertThat(second.modifiedNanos()).isEqualTo(first.modifiedNanos());
    assertThat(second).isNotEqualTo(first);
    assertThat(second.isRenamedOver(first)).isTrue();
  }

  @Test
  void missingFileHasNoStampOfItsOwn() throws IOException {
    Files.delete(file);
    assertThatThrownBy(() -> FileStamp.of(file)).isInstanceOf(NoSuchFileException.class);
    assertThat(FileStamp.MISSING).isNotEqualTo(first);
  }
}
