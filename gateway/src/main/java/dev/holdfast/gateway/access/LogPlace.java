package dev.holdfast.gateway.access;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Where a log of calls is to be written, as far as looking can tell; nothing is made there. */
public final class LogPlace {
  private static final String EXPECTED = "a file that can be written, or - for standard output";

  private LogPlace() {}

  /**
   * Looks whether a file can be added to, or made.
   *
   * @param name what the place is called in the error
   * @throws IllegalArgumentException when it certainly can't
   */
  public static void require(String name, Path path) {
    Optional<String> trouble = trouble(path);
    if (trouble.isPresent()) {
      throw refused(name, path, trouble.get());
    }
  }

  /** The error of a place of which somebody knows why it won't do. */
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
