package dev.holdfast.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that is moved, can't be written, or is full. */
class AccessLogFileTest {
  private static final Path FULL = Path.of("/dev/full");

  private final AtomicLong nanos = new AtomicLong();

  @TempDir Path folder;

  @Test
  void aFileThatWasMovedIsBegunAgainWithinASecond() throws IOException {
    Path path = folder.resolve("calls.log");
    Path moved = folder.resolve("calls.log.1");
    try (AccessLogFile file = new AccessLogFile(path, nanos::get)) {
      assertThat(write(file, "one\n")).isZero();
      Files.move(path, moved);
      assertThat(write(file, "two\n")).isZero();
      later();
      assertThat(write(file, "three\n")).isZero();
    }
    assertThat(moved).hasContent("one\ntwo\n");
    assertThat(path).hasContent("three\n");
  }

  @Test
  void linesForAFullDiskAreLostAndCountedUntilThereIsRoom() throws IOException {
    Path path = folder.resolve("calls.log");
    Files.createSymbolicLink(path, FULL);
    try (AccessLogFile file = new AccessLogFile(path, nanos::get)) {
      assertThat(write(file, "one\ntwo\n")).isEqualTo(2);
      // Not tried again before its time.
      assertThat(write(file, "three\n")).isEqualTo(1);
      Files.delete(path);
      assertThat(write(file, "four\n")).isEqualTo(1);
      later();
      assertThat(write(file, "five\n")).isZero();
    }
    assertThat(path).hasContent("five\n");
  }

  @Test
  void aFolderThatIsMissingIsWaitedFor() throws IOException {
    Path path = folder.resolve("later/calls.log");
    try (AccessLogFile file = new AccessLogFile(path, nanos::get)) {
      assertThat(write(file, "one\n")).isEqualTo(1);
      Files.createDirectory(path.getParent());
      later();
      assertThat(write(file, "two\n")).isZero();
    }
    assertThat(path).hasContent("two\n");
  }

  private void later() {
    nanos.addAndGet(AccessLogFile.CHECK_INTERVAL.toNanos());
  }

  private static int write(AccessLogFile file, String text) {
    return file.write(text.getBytes(StandardCharsets.UTF_8));
  }
}
