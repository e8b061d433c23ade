package dev.holdfast.bench.chaos;

import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The etcd server program of one release. */
enum EtcdProgram {
  /** The one on the PATH: Debian's, which is 3.4. */
  INSTALLED("installed", "install etcd, such as Debian's etcd-server") {
    @Override
    Optional<String> command(Path root) {
      return EtcdProcess.isInstalled() ? Optional.of(EtcdProcess.INSTALLED) : Optional.empty();
    }
  },
  /** 3.6, which {@code scripts/etcd} builds from its Go module. */
  V3_6("3.6", "install Go, with which scripts/etcd builds it") {
    @Override
    Optional<String> command(Path root) throws IOException, InterruptedException {
      return built(root, label());
    }
  };

  private static final int NO_GO = 3;

  private final String label;
  private final String remedy;

  EtcdProgram(String label, String remedy) {
    this.label = label;
    this.remedy = remedy;
  }

  /** The release as it stands in progress lines. */
  String label() {
    return label;
  }

  /** The way to get the program on a machine without it. */
  String remedy() {
    return remedy;
  }

  /**
   * The command, which is built first if it must be.
   *
   * @param root the repository's directory
   * @return empty when this machine can't have it, which was said on standard error
   * @throws IOException when the build fails
   */
  abstract Optional<String> command(Path root) throws IOException, InterruptedException;

  private static Optional<String> built(Path root, String release)
      throws IOException, InterruptedException {
    Path script = root.resolve("scripts/etcd");
    Process build =
        new ProcessBuilder(List.of(script.toString(), release))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String printed;
    try (var output = build.getInputStream()) {
      printed = new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
    }
    int status = build.waitFor();
    if (status == NO_GO) {
      return Optional.empty();
    }
    if (status != 0) {
      throw new IOException(script + " " + release + ": exit " + status + " (expected: 0)");
    }
    return Optional.of(printed);
  }
}
