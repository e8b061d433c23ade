package dev.holdfast.registry.file;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The mapping from file system failures to registry failures. */
final class FileFailure {

  private FileFailure() {}

  /**
   * The failure of an operation on a file.
   *
   * @param doing what was tried, such as "write"
   */
  static RegistryException of(String doing, Path file, IOException cause) {
    RegistryErrorKind registryErrorKind =
        cause instanceof AccessDeniedException
            ? RegistryErrorKind.PERMISSION_DENIED
            : RegistryErrorKind.UNAVAILABLE;
    return new RegistryException(
        registryErrorKind, "can't " + doing + " " + file + ": " + reason(cause), cause);
  }

  private static String reason(IOException cause) {
    if (cause instanceof NoSuchFileException missing) {
      return missing.getFile() + " is missing";
    }
    return IoErrorText.of(cause);
  }
}
