package dev.holdfast.gateway.config;

import dev.holdfast.core.Clock;
import java.nio.file.Path;
import java.util.Set;

/**
 * The place of the certificate and key files of a configuration, and what is known of them.
 *
 * @param folder against which relative names are resolved
 * @param inUse files that a running gateway already follows or writes; they are not read, so that a
 *     file that became invalid since does not block an unrelated change
 * @param clock decides which certificates have expired
 */
public record TlsFileLocation(Path folder, Set<Path> inUse, Clock clock) {
  /** The folder of the process, and nothing is in use. */
  public static final TlsFileLocation HERE = of(Path.of(""));

  public TlsFileLocation {
    inUse = Set.copyOf(inUse);
  }

  /** A place whose files are not in use yet. */
  public static TlsFileLocation of(Path folder) {
    return new TlsFileLocation(folder, Set.of(), Clock.system());
  }

  /** A copy with other files in use. */
  public TlsFileLocation using(Set<Path> files) {
    return new TlsFileLocation(folder, files, clock);
  }
}
