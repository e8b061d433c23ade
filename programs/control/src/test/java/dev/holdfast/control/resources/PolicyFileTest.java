package dev.holdfast.control.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.holdfast.yaml.YamlMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyFileTest {
  @TempDir Path folder;

  @Test
  void editReplacesTheFileInOneStepAndKeepsItsRights() throws Exception {
    Path file = Files.writeString(folder.resolve("policy.yaml"), "services: {}\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Object before = Files.readAttributes(file, "unix:ino").get("ino");

    new PolicyFile(file).edit(text -> text + "# edited\n");

    assertThat(file).hasContent("services: {}\n# edited\n");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-r-----");
    assertThat(Files.readAttributes(file, "unix:ino").get("ino")).isNotEqualTo(before);
    assertThat(names()).containsExactly("policy.yaml");
  }

  @Test
  void fileBehindALinkIsReplacedAndTheLinkStays() throws Exception {
    Path target = Files.writeString(folder.resolve("v1.yaml"), "services: {}\n");
    Path link = Files.createSymbolicLink(folder.resolve("policy.yaml"), target);

    new PolicyFile(link).edit(text -> "# new\n");

    assertThat(link).isSymbolicLink();
    assertThat(target).hasContent("# new\n");
  }

  @Test
  void fileThatIsNotThereIsMade() throws Exception {
    Path file = folder.resolve("policy.yaml");

    new PolicyFile(file).edit(text -> "old was \"" + text + "\"");

    assertThat(file).hasContent("old was \"\"");
  }

  @Test
  void changeThatFailsLeavesEverythingAsItWas() throws Exception {
    Path file = Files.writeString(folder.resolve("policy.yaml"), "services: {}\n");
    Path missing = folder.resolve("missing.yaml");

    for (Path path : List.of(file, missing)) {
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  new PolicyFile(path)
                      .edit(
                          text -> {
                            throw new IllegalStateException("no");
                          }));
    }

    assertThat(file).hasContent("services: {}\n");
    assertThat(names()).containsExactly("policy.yaml");
  }

  @Test
  void editsAtOnceFollowEachOtherAndNoneIsLost() throws Exception {
    Path file = Files.writeString(folder.resolve("policy.yaml"), "services: {}\n");
    ExecutorService editors = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> edits = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        String subset = "v" + i;
        edits.add(
            editors.submit(
                () -> {
                  new PolicyFile(file).edit(text -> withShare(text, subset));
                  return null;
                }));
      }
      for (Future<?> edit : edits) {
        edit.get(60, TimeUnit.SECONDS);
      }
    } finally {
      editors.shutdownNow();
    }

    assertThat(new PolicyFile(file).read().of("orders").traffic().split().shares()).hasSize(20);
  }

  @Test
  void fileThatIsTooLargeIsNotRead() throws Exception {
    Path file = folder.resolve("policy.yaml");
    Files.write(file, new byte[4 * YamlMap.MAX_CHARS + 1]);

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> new PolicyFile(file).read())
        .withMessageContaining("4000001 bytes");
  }

  private static String withShare(String text, String subset) {
    Map<String, Percent> share = Map.of(subset, new Percent(100));
    return new SplitEdit("p", text, "orders").with(share, "version").text();
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }
}
