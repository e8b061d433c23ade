package dev.holdfast.registry.file;

import dev.holdfast.core.Clock;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * The reads, writes and deletions of single record files. No reader ever sees half a record, and no
 * file is removed by mistake. Blocks on the file system. Thread-safe.
 */
final class RecordStore {
  /** A longer file is not a record. */
  @Limit(of = "a record", then = "a longer one is malformed")
  static final int MAX_RECORD_BYTES = 64 * 1024;

  private static final AtomicLong sequence = new AtomicLong();

  private final Clock clock;

  RecordStore(Clock clock) {
    this.clock = clock;
  }

  /** The record in a file, or empty when there is no such file. */
  Optional<FileRecord> read(Path file) throws IOException, MalformedFileException {
    try {
      return Optional.of(RecordJson.read(bytes(file, MAX_RECORD_BYTES)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** The bytes of a file of limited length. */
  static byte[] bytes(Path file, int maxBytes) throws IOException, MalformedFileException {
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new MalformedFileException("longer than " + maxBytes + " bytes");
      }
      return bytes;
    }
  }

  /** Puts a record in place of whatever the file holds, whole or not at all. */
  void write(Path file, FileRecord record) throws IOException {
    Path temporary = besides(file, RecordFileName.TEMPORARY_SUFFIX);
    try {
      try (FileChannel out =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(RecordJson.write(record, clock.wallTime()));
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException leftover) {
        e.addSuppressed(leftover);
      }
      throw e;
    }
    if (record.owner() == null) {
      // After a crash of the machine every owner is gone, but a static record must still be there.
      try (FileChannel directory = FileChannel.open(file.resolveSibling("."))) {
        directory.force(true);
      }
    }
  }

  /** Shows readers elsewhere that the owner lives. */
  void touch(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(clock.wallTime()));
  }

  /**
   * Removes a file, if its record is the one meant. Between a check and a deletion the file may
   * have been replaced by a new owner's; so it is moved aside first, and moved back when it turns
   * out to be another.
   *
   * @return whether the file is gone
   */
  boolean remove(Path file, Predicate<FileRecord> meant) throws IOException {
    Path condemned = besides(file, RecordFileName.DELETION_SUFFIX);
    try {
      Files.move(file, condemned, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return true;
    }
    if (!isMeant(condemned, meant)) {
      try {
        Files.createLink(file, condemned);
      } catch (FileAlreadyExistsException newer) {
        // A still newer record stands there; it counts.
      } catch (UnsupportedOperationException e) {
        Files.move(condemned, file);
        return false;
      }
      Files.deleteIfExists(condemned);
      return false;
    }
    Files.deleteIfExists(condemned);
    return true;
  }

  private boolean isMeant(Path condemned, Predicate<FileRecord> meant) throws IOException {
    try {
      return read(condemned).filter(meant).isPresent();
    } catch (MalformedFileException e) {
      return false;
    }
  }

  private static Path besides(Path file, String suffix) {
    return file.resolveSibling(
        "."
            + file.getFileName()
            + "."
            + ProcessHandle.current().pid()
            + "-"
            + sequence.incrementAndGet()
            + suffix);
  }
}
