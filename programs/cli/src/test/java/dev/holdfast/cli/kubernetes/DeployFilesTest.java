package dev.holdfast.cli.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The chart and the bases in {@code deploy} equal what the model of the manifests says; {@code
 * -Dholdfast.docs.write} renews them.
 */
class DeployFilesTest {
  private enum Folder {
    CHART("deploy/chart", ChartFiles::files),
    KUSTOMIZE("deploy/kustomize", KustomizeFiles::files);

    private final String path;
    private final Supplier<Map<String, String>> files;

    Folder(String path, Supplier<Map<String, String>> files) {
      this.path = path;
      this.files = files;
    }
  }

  @ParameterizedTest
  @EnumSource(Folder.class)
  void committedFilesAreWhatTheModelSays(Folder folder) throws IOException {
    Path root = Path.of(System.getProperty("holdfast.root")).resolve(folder.path);
    Map<String, String> generated = folder.files.get();
    if (Boolean.getBoolean("holdfast.docs.write")) {
      for (Map.Entry<String, String> each : generated.entrySet()) {
        Path file = root.resolve(each.getKey());
        Files.createDirectories(file.getParent());
        Files.writeString(file, each.getValue());
      }
      return;
    }

    assertThat(committed(root))
        .as("%s drifted; renew it with the command in CONTRIBUTING.md", folder.path)
        .isEqualTo(generated);
  }

  private static Map<String, String> committed(Path root) throws IOException {
    Map<String, String> committed = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        committed.put(root.relativize(file).toString(), Files.readString(file));
      }
    }
    return committed;
  }
}
