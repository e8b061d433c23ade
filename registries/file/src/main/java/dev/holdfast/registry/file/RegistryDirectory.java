package dev.holdfast.registry.file;

import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The directory of a namespace, and whether it exists.
 *
 * <p>A directory that was seen and is now missing is <em>away</em>: it may have been moved, or its
 * file system unmounted, and will come back with its records. The directory is therefore not
 * recreated for a while. After that it counts as deleted, and the next announcement recreates it. A
 * directory that was never seen is an empty namespace if its parent exists, and the first
 * announcement creates it. Confined to the I/O thread.
 */
final class RegistryDirectory {
  private final Path path;
  private final long graceNanos;
  private boolean seen;
  private boolean missing;
  private long missingSinceNanos;

  RegistryDirectory(Path path, Duration patience) {
    this.path = path;
    graceNanos = patience.toNanos();
  }

  Path path() {
    return path;
  }

  /**
   * Checks that the registry exists.
   *
   * @throws RegistryException of kind UNAVAILABLE when it is not
   */
  void require(long nowNanos) {
    if (!look(nowNanos) && (seen || !couldBeMade())) {
      throw away();
    }
  }

  /**
   * Makes sure that a directory in it exists.
   *
   * @throws RegistryException when it can't be made, or the registry is away
   */
  void prepare(Path inner, long nowNanos) {
    if (!look(nowNanos) && seen && nowNanos - missingSinceNanos < graceNanos) {
      throw away();
    }
    try {
      Files.createDirectories(inner);
    } catch (IOException e) {
      throw FileFailure.of("make the directory", inner, e);
    }
    look(nowNanos);
  }

  private boolean look(long nowNanos) {
    if (Files.isDirectory(path)) {
      seen = true;
      missing = false;
      return true;
    }
    if (!missing) {
      missing = true;
      missingSinceNanos = nowNanos;
    }
    return false;
  }

  private boolean couldBeMade() {
    Path above = path.getParent();
    return !Files.exists(path) && above != null && Files.isDirectory(above);
  }

  private RegistryException away() {
    return new RegistryException(
        RegistryErrorKind.UNAVAILABLE,
        "registry directory "
            + path
            + (Files.exists(path) ? " is a file" : " is missing")
            + " (expected: a directory)");
  }
}
