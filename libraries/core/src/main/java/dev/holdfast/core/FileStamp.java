package dev.holdfast.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The identity of a file's state, read without the content. Two equal stamps mean that the file is
 * most likely unchanged; a change within the resolution of the file system's clock is not seen.
 *
 * @param modifiedNanos time of the last modification
 * @param sizeBytes the size, or -1 where there is no file
 * @param key the file system's key of the file, which another file renamed over it changes
 */
public record FileStamp(long modifiedNanos, long sizeBytes, @Nullable Object key) {
  /** The stamp of a missing file. */
  public static final FileStamp MISSING = new FileStamp(0, -1, null);

  /**
   * The stamp of a file, behind symbolic links.
   *
   * @throws IOException when its attributes can't be read, as of a missing file
   */
  public static FileStamp of(Path file) throws IOException {
    return of(Files.readAttributes(file, BasicFileAttributes.class));
  }

  /** The stamp of a file with these attributes. */
  public static FileStamp of(BasicFileAttributes attributes) {
    return new FileStamp(
        attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
        attributes.size(),
        attributes.fileKey());
  }

  /** Whether another file was renamed to the path since that stamp was taken. */
  public boolean isRenamedOver(FileStamp earlier) {
    return key != null && !key.equals(earlier.key);
  }
}
