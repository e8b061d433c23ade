package dev.holdfast.registry.file;

import dev.holdfast.core.Endpoint;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The content of a record file.
 *
 * @param endpoint the instance
 * @param generation counts the announcements at this address, so that of two the newer is known
 *     without comparing clocks; 0 when written by hand
 * @param owner the process that keeps the record, or null for a static record
 */
record FileRecord(Endpoint endpoint, long generation, @Nullable RecordOwner owner) {

  /** Whether both were written by one announcement, whatever they say of the endpoint. */
  boolean isSameAnnouncement(FileRecord other) {
    return generation == other.generation
        && endpoint.instance().equals(other.endpoint.instance())
        && Objects.equals(owner, other.owner);
  }

  FileRecord withEndpoint(Endpoint value) {
    return new FileRecord(value, generation, owner);
  }
}
