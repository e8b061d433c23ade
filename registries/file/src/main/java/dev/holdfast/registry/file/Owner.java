package dev.holdfast.registry.file;

/**
 * The process that keeps a record.
 *
 * <p>The start time tells a process from a later one with the same number; boot and space tell
 * whether the number means anything in the process table of the reader.
 *
 * @param pid number of the process in its own namespace
 * @param started start of the process in clock ticks after boot; 0 when unknown
 * @param boot identifies one run of the kernel; "" when unknown
 * @param space the namespaces that number and start time belong to; "" when unknown
 * @param ttlMillis how long the record lives without a heartbeat for those who can't look the
 *     process up
 */
record Owner(long pid, long started, String boot, String space, long ttlMillis) {
  /** Whether both numbers come from one process table, so that they can be compared. */
  boolean sharesProcessTableWith(Owner other) {
    return !boot.isEmpty()
        && !space.isEmpty()
        && boot.equals(other.boot)
        && space.equals(other.space);
  }
}
