package dev.holdfast.gateway.access;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file to which the access log is appended. While the file can't be written, lines are dropped
 * and counted. The failure is logged once, and writing is retried each second. The file is reopened
 * when another file, or none, is at its path (log rotation). Confined to one thread.
 */
final class AccessLogFile implements AutoCloseable {
  @Limit(
      of = "time between two checks of the access log file",
      then = "it is opened anew when it was moved, or could not be written")
  static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(AccessLogFile.class);
  private static final byte[] NEWLINE = {'\n'};

  private final @Nullable Path path;
  private final LongSupplier nanoTime;
  private @Nullable FileChannel channel;
  private @Nullable Object key;
  private long checkedNanos;
  private boolean failing;
  private boolean torn;
  private long lost;

  /**
   * A file that is opened by the first write.
   *
   * @param path null for standard output
   */
  AccessLogFile(@Nullable Path path, LongSupplier nanoTime) {
    this.path = path;
    this.nanoTime = nanoTime;
    this.checkedNanos = nanoTime.getAsLong() - CHECK_INTERVAL.toNanos();
  }

  /**
   * Appends lines to the file, which is reopened first if needed.
   *
   * @param text whole lines
   * @return how many lines were dropped
   */
  int write(byte[] text) {
    ByteBuffer bytes = ByteBuffer.wrap(text);
    try {
      look();
      FileChannel open = channel;
      if (open != null) {
        if (torn) {
          open.write(ByteBuffer.wrap(NEWLINE));
          torn = false;
        }
        while (bytes.hasRemaining()) {
          open.write(bytes);
        }
        recovered();
        return 0;
      }
    } catch (IOException e) {
      torn |= bytes.position() > 0 && text[bytes.position() - 1] != '\n';
      failed(e);
    }
    int missing = lines(text, bytes.position());
    lost += missing;
    return missing;
  }

  /**
   * Opens or reopens the file if it is not open or was replaced at its path. Checks at most once
   * per {@link #CHECK_INTERVAL}.
   */
  void look() throws IOException {
    long nowNanos = nanoTime.getAsLong();
    if (nowNanos - checkedNanos < CHECK_INTERVAL.toNanos()) {
      return;
    }
    checkedNanos = nowNanos;
    if (channel != null && (path == null || Objects.equals(key, keyOf(path)))) {
      return;
    }
    close();
    channel = opened();
    key = path == null ? null : keyOf(path);
  }

  private FileChannel opened() throws IOException {
    return path == null
        ? new FileOutputStream(FileDescriptor.out).getChannel()
        : FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  }

  /** The file key (device and inode) of the file at a path; null when there is none. */
  private static @Nullable Object keyOf(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private void failed(IOException cause) {
    if (!failing) {
      failing = true;
      log.warn("event=access_log_failed file={} cause=\"{}\"", name(), IoErrorText.of(cause));
    }
    close();
  }

  private void recovered() {
    if (failing) {
      failing = false;
      log.warn("event=access_log_recovered file={} lines_lost={}", name(), lost);
      lost = 0;
    }
  }

  private String name() {
    return path == null ? "-" : path.toString();
  }

  private static int lines(byte[] text, int from) {
    int lines = 0;
    for (int i = from; i < text.length; i++) {
      lines += text[i] == '\n' ? 1 : 0;
    }
    return lines;
  }

  /** Closes the file. Standard output stays open. */
  @Override
  public void close() {
    FileChannel open = channel;
    channel = null;
    if (open != null && path != null) {
      try {
        open.close();
      } catch (IOException e) {
        log.warn("event=access_log_close_failed file={} cause=\"{}\"", name(), IoErrorText.of(e));
      }
    }
  }
}
