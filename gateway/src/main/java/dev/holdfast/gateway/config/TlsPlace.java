package dev.holdfast.gateway.config;

import dev.holdfast.core.Clock;
import java.nio.file.Path;
import java.util.Set;

/**
 * Where the certificates and keys that a gateway's file names stand, and what is known of them.
 *
 * @param folder from which relative names go
 * @param inUse files that a running gateway follows or writes: they are not read, so that one that
 *     has gone bad since, and of which the last good content counts, is in the way of no other
 *     change
 * @param clock says which certificates have expired
 */
public record TlsPlace(Path folder, Set<Path> inUse, Clock clock) {
  /** The folder of the process, and nothing is in use. */
  public static final TlsPlace HERE = of(Path.of(""));

  public TlsPlace {
    inUse = Set.copyOf(inUse);
  }

  /** Nothing is in use yet. */
  public static TlsPlace of(Path folder) {
    return new TlsPlace(folder, Set.of(), Clock.system());
  }

  /** Beside files that are in use. */
  public TlsPlace using(Set<Path> files) {
    return new TlsPlace(folder, files, clock);
  }
}
