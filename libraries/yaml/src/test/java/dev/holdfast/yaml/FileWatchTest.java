package dev.holdfast.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatchTest {
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final FileWatch.FileTextListener fileTextListener =
      new FileWatch.FileTextListener() {
        @Override
        public void onText(String text) {
          if (text.contains("bad")) {
            throw new IllegalArgumentException("no " + text);
          }
          if (text.contains("fail")) {
            heard.add("failing");
            throw new IllegalStateException("a listener of the test that fails");
          }
          heard.add("text " + text);
        }

        @Override
        public void onRejected(String reason) {
          heard.add("refused " + reason);
        }
      };

  @TempDir private Path directory;

  @Test
  void aTextThatIsWrittenInPlaceOrRenamedIntoPlaceIsHeard() throws Exception {
    Path file = file("a");
    try (FileWatch watch = FileWatch.start(file, "a", fileTextListener)) {
      Files.writeString(file, "b");
      assertThat(next()).isEqualTo("text b");
      replace(file, "c");
      assertThat(next()).isEqualTo("text c");
    }
  }

  @Test
  void aLinkThatLeadsElsewhereIsHeardAsTheMountsOfKubernetesDoIt() throws Exception {
    Files.createDirectory(directory.resolve("v1"));
    Files.createDirectory(directory.resolve("v2"));
    Files.writeString(directory.resolve("v1/f.yaml"), "a");
    Files.writeString(directory.resolve("v2/f.yaml"), "b");
    Path data = Files.createSymbolicLink(directory.resolve("data"), Path.of("v1"));
    Path file = Files.createSymbolicLink(directory.resolve("f.yaml"), Path.of("data/f.yaml"));
    try (FileWatch watch = FileWatch.start(file, "a", fileTextListener)) {
      Path next = Files.createSymbolicLink(directory.resolve("next"), Path.of("v2"));
      Files.move(next, data, StandardCopyOption.ATOMIC_MOVE);
      assertThat(next()).isEqualTo("text b");
    }
  }

  @Test
  void whatIsRefusedIsToldOnceAndWhatIsGoodAgainIsHeard() throws Exception {
    Path file = file("a");
    try (FileWatch watch = FileWatch.start(file, "a", fileTextListener)) {
      replace(file, "bad");
      assertThat(next()).isEqualTo("refused no bad");
      replace(file, "b");
      assertThat(next()).isEqualTo("text b");
    }
  }

  @Test
  void aFileThatIsEmptyOrGoneIsRefused() throws Exception {
    Path file = file("a");
    try (FileWatch watch = FileWatch.start(file, "a", fileTextListener)) {
      replace(file, "");
      assertThat(next()).startsWith("refused " + file + ":1: an empty file (expected: ");
      Files.delete(file);
      assertThat(next()).startsWith("refused " + file + ": can't be read: ");
      replace(file, "b");
      assertThat(next()).isEqualTo("text b");
    }
  }

  @Test
  void whoAsksHasTheSameTextReadAgain() throws Exception {
    Path file = file("a");
    try (FileWatch watch = FileWatch.start(file, "a", fileTextListener)) {
      watch.readNow();
      assertThat(next()).isEqualTo("text a");
    }
    assertThat(heard).isEmpty();
  }

  @Test
  void whoAsksAboutAFileThatIsStillBadIsAnswered() throws Exception {
    Path file = file("a");
    try (FileWatch watch = FileWatch.start(file, "a", fileTextListener)) {
      replace(file, "bad");
      assertThat(next()).isEqualTo("refused no bad");
      watch.readNow();
      assertThat(next()).isEqualTo("refused no bad");
    }
    assertThat(heard).isEmpty();
  }

  @Test
  void whoAsksWhileAFileIsWrittenIsNotToldOfHalfOfIt() throws Exception {
    Path file = file("a");
    FileWatch watch = new FileWatch(file, "a", fileTextListener);
    watch.look(false);
    Files.writeString(file, "half");
    watch.look(true);
    Files.writeString(file, "half and half");
    watch.look(false);
    assertThat(heard).isEmpty();
    watch.look(false);
    assertThat(heard).containsExactly("text half and half");
  }

  @Test
  void aListenerThatFailsDoesNotEndTheWatch() throws Exception {
    Path file = file("a");
    try (FileWatch watch = FileWatch.start(file, "a", fileTextListener)) {
      replace(file, "fail");
      assertThat(next()).isEqualTo("failing");
      replace(file, "b");
      assertThat(next()).isIn("text b", "failing");
    }
  }

  @Test
  void aFileThatIsTooLongIsNotRead() throws IOException {
    Path file = directory.resolve("f.yaml");
    Files.write(file, new byte[4 * YamlMap.MAX_CHARS + 1]);
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> FileWatch.read(file))
        .withMessage(file + ":1: 4000001 bytes (expected: at most 1000000 characters)");
  }

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("f.yaml"), text);
  }

  /** At once, so that a slow machine does not show an empty file in between. */
  private void replace(Path file, String text) throws IOException {
    Path aside = Files.writeString(directory.resolve("aside"), text);
    Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private String next() throws InterruptedException {
    String event = heard.poll(60, TimeUnit.SECONDS);
    assertThat(event).as("what was heard within a minute").isNotNull();
    return event;
  }
}
