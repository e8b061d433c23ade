package dev.holdfast.registry.file;

import dev.holdfast.core.RegistryContext;

/**
 * What all parts of one open file registry share.
 *
 * @param context scheduler, meters and the rest that the registry was given
 * @param options what its URI says
 * @param io where it may block
 * @param events changes of directories
 * @param store single files
 * @param processes the process table of this machine
 */
record FileSurroundings(
    RegistryContext context,
    FileOptions options,
    FileIo io,
    DirectoryEvents events,
    RecordStore store,
    LocalProcesses processes) {

  /** The monotonic time. */
  long nowNanos() {
    return context.scheduler().clock().nanoTime();
  }
}
