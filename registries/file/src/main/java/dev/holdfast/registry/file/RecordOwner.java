package dev.holdfast.registry.file;

/**
 * The process that keeps a record.
 *
 * <p>The start time tells a process from a later one with the same number; boot and space tell
 * whether the number means anything in the process table of the reader.
 *
 * @param pid number of the process in its own namespace
 * @param started start of the process in clock ticks after boot; 0 when unknown
 * @param bootId identifies one run of the kernel; "" when unknown
 * @param namespaceIds the namespaces that number and start time belong to; "" when unknown
 * @param ttlMillis how long the record lives without a heartbeat for those who can't look the
 *     process up
 */
record RecordOwner(long pid, long started, String bootId, String namespaceIds, long ttlMillis) {
  /** Whether both numbers come from one process table, so that they can be compared. */
  boolean sharesProcessTableWith(RecordOwner other) {
    return !bootId.isEmpty()
        && !namespaceIds.isEmpty()
        && bootId.equals(other.bootId)
        && namespaceIds.equals(other.namespaceIds);
  }
}
