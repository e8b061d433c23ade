package dev.holdfast.yaml;

import dev.holdfast.core.Limit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the text of a file. What its listener refuses is told once, and the text before it goes
 * on to count; so it does while the file is gone or empty.
 *
 * <p>A file that was renamed into place is believed at once, and so is one behind a link that leads
 * elsewhere now, as the mounts of Kubernetes do. One that is written in place is believed when it
 * looks the same twice, so that half a file is not taken for the whole.
 *
 * <p>It has a thread of its own, on which the listener is called; a file system that hangs delays
 * nothing else.
 */
public final class FileWatch implements AutoCloseable {
  /** Pause between two looks at a file. */
  @Limit(of = "pause between two looks at a file that is followed", then = "it is looked at again")
  public static final Duration POLL = Duration.ofMillis(20);

  @Limit(
      of = "time after which a file that is followed is read although it looks unchanged",
      then = "it is read")
  private static final Duration REREAD = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(FileWatch.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int BYTES_PER_CHAR = 4;

  private final Path path;
  private final Listener listener;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;
  private volatile boolean closed;

  private String accepted;
  private @Nullable String refused;
  private @Nullable Stamp believed;
  private @Nullable Stamp lastSeen;
  private long readNanos;
  private boolean asked;
  private boolean owesAnswer;

  /** Hears of what becomes of the file, on the watch's thread. */
  public interface Listener {
    /**
     * Another text stands there.
     *
     * @throws IllegalArgumentException saying why it is not taken
     */
    void onText(String text);

    /** What stands there is not taken, and why; what was taken before goes on to count. */
    void onRefused(String reason);
  }

  /** What tells one state of a file from another without reading it. */
  private record Stamp(long modifiedNanos, long size, @Nullable Object key) {
    static Stamp of(Path path) throws IOException {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return new Stamp(
          attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
          attributes.size(),
          attributes.fileKey());
    }

    boolean isRenamedOver(Stamp other) {
      return key != null && !key.equals(other.key);
    }
  }

  FileWatch(Path path, String accepted, Listener listener) {
    this.path = path;
    this.accepted = accepted;
    this.listener = listener;
    this.readNanos = System.nanoTime();
    thread = new Thread(this::run, "holdfast-file");
    thread.setDaemon(true);
  }

  /**
   * Begins to follow a file.
   *
   * @param accepted the text that counts now: the listener hears of any other
   */
  public static FileWatch start(Path path, String accepted, Listener listener) {
    FileWatch watch = new FileWatch(path, accepted, listener);
    watch.thread.start();
    return watch;
  }

  /**
   * The text of a file.
   *
   * @throws IOException when it can't be read
   * @throws YamlException when it is longer than a text may be
   */
  public static String read(Path path) throws IOException {
    long size = Files.size(path);
    if (size > (long) BYTES_PER_CHAR * YamlMap.MAX_CHARS) {
      throw YamlException.at(
          path.toString(),
          1,
          size + " bytes (expected: at most " + YamlMap.MAX_CHARS + " characters)");
    }
    return new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
  }

  /**
   * Has the file read as soon as it stands still, and given to the listener even when it is the
   * text that counts.
   */
  public void readNow() {
    wake.release();
  }

  /** Ends the watch; the listener is not called afterwards. */
  @Override
  public void close() {
    closed = true;
    wake.release();
    try {
      thread.join(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!closed) {
        boolean asksNow = wake.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS);
        if (!closed) {
          look(asksNow);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One look, alone on the watch's thread. */
  void look(boolean asksNow) {
    asked |= asksNow;
    owesAnswer |= asksNow;
    try {
      Stamp stamp = Stamp.of(path);
      boolean settled = lastSeen == null || stamp.equals(lastSeen) || stamp.isRenamedOver(lastSeen);
      boolean due = System.nanoTime() - readNanos > REREAD.toNanos();
      lastSeen = stamp;
      // Who asks also waits until the file looks the same twice: half a file is no answer.
      if (settled && (asked || due || !stamp.equals(believed))) {
        readNanos = System.nanoTime();
        String text = read(path);
        if (stamp.equals(Stamp.of(path))) {
          believed = stamp;
          take(text);
        }
      }
    } catch (IOException e) {
      asked = false;
      refuse(path + ": can't be read: " + e);
    } catch (IllegalArgumentException e) {
      refuse(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // A listener that fails must not end the watch.
      log.error("event=file_listener_failed file={}", path, e);
    }
  }

  private void take(String text) {
    boolean again = asked;
    asked = false;
    if (text.equals(accepted) && !again) {
      // Back to what counts: there is nothing left that is refused.
      refused = null;
      return;
    }
    if (text.isBlank() && !accepted.isBlank()) {
      refuse(path + ":1: an empty file (expected: {} to say that nothing is configured)");
      return;
    }
    listener.onText(text);
    accepted = text;
    refused = null;
    owesAnswer = false;
  }

  private void refuse(String reason) {
    // Once is enough for a file that stays bad, but who asks is answered.
    if (reason.equals(refused) && !owesAnswer) {
      return;
    }
    owesAnswer = false;
    refused = reason;
    listener.onRefused(reason);
  }
}
