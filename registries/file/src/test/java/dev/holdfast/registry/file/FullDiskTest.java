package dev.holdfast.registry.file;

import static dev.holdfast.registry.file.FileRegistryFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.lab.process.RecordedJvm;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A small file system in a mount namespace of the announcing process, filled up: real ENOSPC. The
 * test reaches into it through /proc.
 */
class FullDiskTest {
  private static final String ADDRESS = "127.0.0.1:50051";
  private static final String NO_SPACE = "No space left on device";

  @TempDir private Path scratch;
  private Path mountPoint;

  @BeforeEach
  void needNamespaces() throws Exception {
    mountPoint = Files.createDirectories(scratch.resolve("small"));
    assumeTrue(
        new ProcessBuilder("unshare", "--user", "--map-root-user", "--mount", "true")
                .start()
                .waitFor()
            == 0,
        "user namespaces are not allowed here");
  }

  @Test
  void aFirstRecordIsAClearErrorAndLeavesNothingHalf() throws Exception {
    try (RecordedJvm child = announce("4k", "head -c 4096 /dev/zero > filler;")) {
      soon().until(() -> child.countOf("ended") > 0 || child.countOf("published") > 0);

      assertThat(child.lines())
          .anySatisfy(
              line ->
                  assertThat(line)
                      .startsWith("ended UNAVAILABLE can't write " + mountPoint)
                      .containsIgnoringCase(NO_SPACE));
      assertThat(inside(child).resolve("prod/orders")).isEmptyDirectory();
    }
  }

  @Test
  void anUpdateLeavesTheRecordAsItIsAndIsWrittenOnceThereIsSpace() throws Exception {
    try (RecordedJvm child = announce("64k", "")) {
      soon().until(() -> child.countOf("published") > 0);
      Path record = inside(child).resolve("prod/orders/127.0.0.1_50051.json");
      String before = Files.readString(record);
      fill(inside(child));

      child.tell("zone attic");
      soon().until(() -> child.countOf("update_failed") > 0 || child.countOf("ended") > 0);
      assertThat(record).hasContent(before);
      Files.delete(inside(child).resolve("filler"));

      soon().until(() -> Files.readString(record).contains("\"attic\""));
      soon().until(() -> child.lines().stream().filter("published"::equals).count() == 2);
      assertThat(child.lines()).noneMatch(line -> line.startsWith("ended"));
    }
  }

  @Test
  void aRecordThatCanNotBeMarkedAsDrainingIsDeletedAllTheSame() throws Exception {
    try (RecordedJvm child = announce("64k", "")) {
      soon().until(() -> child.countOf("published") > 0);
      fill(inside(child));

      child.tell("withdraw");

      soon().until(() -> child.countOf("withdrawn") > 0 || child.countOf("stays") > 0);
      assertThat(child.lines()).contains("withdrawn");
      assertThat(inside(child).resolve("prod/orders")).isEmptyDirectory();
    }
  }

  private RecordedJvm announce(String size, String before) throws IOException {
    String mount =
        "mount -t tmpfs -o size=%s tmpfs %s && cd %s && mkdir -p prod/orders && %s exec \"$@\""
            .formatted(size, mountPoint, mountPoint, before);
    String namespace = mountPoint + "/prod";
    return RecordedJvm.startBehind(
        List.of("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"),
        AnnouncingProgram.class,
        "file://" + namespace,
        namespace.substring(1) + "/orders",
        ADDRESS);
  }

  /** The small file system as that process sees it. */
  private Path inside(RecordedJvm child) {
    return Path.of("/proc/" + child.pid() + "/root" + mountPoint);
  }

  private static void fill(Path folder) throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream filler = Files.newOutputStream(folder.resolve("filler"))) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 64; i++) {
                  filler.write(block);
                }
              })
          .hasMessageContaining(NO_SPACE);
    }
  }
}
