package dev.holdfast.registry.etcd;

import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** A release of etcd that tests run against. */
public enum EtcdRelease {
  /** The one on the PATH: Debian's, which is 3.4. */
  INSTALLED(""),
  /** 3.5, for {@code ./verify --long}. */
  V3_5("3.5"),
  /** 3.6, built from its Go module; {@code HOLDFAST_WITHOUT_GO=1} leaves it out. */
  V3_6("3.6");

  private static final Set<String> TESTED =
      Set.of(System.getProperty("holdfast.etcd.releases", "INSTALLED,V3_6").split(","));

  private final String number;

  EtcdRelease(String number) {
    this.number = number;
  }

  /** The releases of this run. */
  static Stream<EtcdRelease> tested() {
    return Arrays.stream(values())
        .filter(release -> TESTED.contains(release.name()))
        .filter(release -> release == INSTALLED || System.getenv("HOLDFAST_WITHOUT_GO") == null);
  }

  /** The program, which is built first if it must be. */
  String command() {
    return this == INSTALLED ? EtcdProcess.INSTALLED : build();
  }

  private String build() {
    Path script = Path.of(System.getProperty("holdfast.root", ".."), "scripts", "etcd");
    try {
      Process build =
          new ProcessBuilder(List.of(script.toString(), number))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String printed;
      try (var output = build.getInputStream()) {
        printed = new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
      }
      int status = build.waitFor();
      if (status != 0) {
        throw new AssertionError(
            script
                + " "
                + number
                + ": exit "
                + status
                + " (expected: 0, or HOLDFAST_WITHOUT_GO=1)");
      }
      return printed;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while etcd " + number + " was built", e);
    }
  }
}
