package dev.holdfast.gateway.access;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Checks of an access log's path, without creating anything. */
public final class AccessLogPath {
  private static final String EXPECTED = "a file that can be written, or - for standard output";

  private AccessLogPath() {}

  /**
   * Requires that a file can be appended to or created, as far as permissions show.
   *
   * @param name of the setting in the error message
   * @throws IllegalArgumentException when the file certainly can't be written
   */
  public static void require(String name, Path path) {
    Optional<String> trouble = trouble(path);
    if (trouble.isPresent()) {
      throw refused(name, path, trouble.get());
    }
  }

  /** The exception for an unusable path. */
  static IllegalArgumentException refused(String name, Path path, String why) {
    return new IllegalArgumentException(
        name + ": " + path + ": " + why + " (expected: " + EXPECTED + ")");
  }

  private static Optional<String> trouble(Path path) {
    if (Files.isDirectory(path)) {
      return Optional.of("a folder");
    }
    if (Files.exists(path)) {
      return Files.isWritable(path) ? Optional.empty() : Optional.of("may not be written");
    }
    Path folder = path.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      return Optional.of("no folder " + folder);
    }
    return Files.isWritable(folder)
        ? Optional.empty()
        : Optional.of("folder " + folder + " may not be written");
  }
}
