package dev.holdfast.registry.file;

import dev.holdfast.core.RegistryContext;

/**
 * The collaborators that all parts of one open file registry share.
 *
 * @param context the scheduler, the meters and the other services that the registry was given
 * @param options the parameters of the registry's URI
 * @param io the executor for blocking file operations
 * @param events change notifications of directories
 * @param store reads and writes of single files
 * @param processes the process table of this machine
 */
record FileRegistryContext(
    RegistryContext context,
    FileOptions options,
    FileIo io,
    DirectoryEvents events,
    RecordStore store,
    LocalProcesses processes) {

  /** The monotonic time of the scheduler's clock, in nanoseconds. */
  long nowNanos() {
    return context.scheduler().clock().nanoTime();
  }
}
