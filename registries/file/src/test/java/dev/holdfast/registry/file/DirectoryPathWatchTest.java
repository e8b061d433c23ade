package dev.holdfast.registry.file;

import static dev.holdfast.registry.file.FileRegistryFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether a directory was deleted, however soon somebody looks after that. */
class DirectoryPathWatchTest {
  @TempDir private Path parent;
  private final DirectoryEvents events = new DirectoryEvents();
  private Path directory;
  private DirectoryPathWatch sentry;

  @BeforeEach
  void open() throws IOException {
    directory = Files.createDirectory(parent.resolve("orders"));
    sentry = new DirectoryPathWatch(directory, parent, events, () -> {});
    assertThat(sentry.ensure()).isFalse();
  }

  @AfterEach
  void close() {
    sentry.close();
    assertThat(events.watchedCount()).as("nothing is listened to any more").isZero();
    events.close();
  }

  @Test
  void aLookBeforeTheKernelTellsOfADeletionDoesNotHideIt() throws IOException {
    for (int i = 0; i < 50; i++) {
      Files.delete(directory);
      boolean toldAtOnce = sentry.ensure();
      if (!toldAtOnce) {
        soon().until(sentry::ensure);
      }
      assertThat(sentry.ensure()).as("told once").isFalse();
      // Often with the number that the old one had.
      Files.createDirectory(directory);
      assertThat(sentry.ensure()).isFalse();
    }
  }

  @Test
  void aDirectoryThatIsMovedAwayAndBackWasNotDeleted() throws IOException {
    Path aside = parent.resolve("aside");
    for (int i = 0; i < 50; i++) {
      Files.move(directory, aside);
      assertThat(sentry.ensure()).isFalse();
      Files.move(aside, directory);
      assertThat(sentry.ensure()).isFalse();
    }
  }
}
