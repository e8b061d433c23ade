package dev.holdfast.yaml;

import dev.holdfast.core.FileStamp;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watch of a file's text. A text that the listener rejects is reported once, and the last accepted
 * text stays in effect. The same holds while the file is missing or empty.
 *
 * <p>A file that was renamed into place is read at once. So is a file behind a symbolic link that
 * changed, as with Kubernetes mounts. A file that is written in place is read when two polls find
 * it unchanged, so that no partial text is taken.
 *
 * <p>The watch has its own thread, which calls the listener. A hanging file system blocks nothing
 * else.
 */
public final class FileWatch implements AutoCloseable {
  /** Pause between two polls of the file. */
  @Limit(of = "pause between two checks of a followed file", then = "it is looked at again")
  public static final Duration POLL = Duration.ofMillis(100);

  @Limit(
      of = "time after which a followed file is read although it seems unchanged",
      then = "it is read")
  private static final Duration REREAD = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(FileWatch.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int BYTES_PER_CHAR = 4;

  private final Path path;
  private final FileTextListener fileTextListener;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;
  private volatile boolean closed;

  private String accepted;
  private @Nullable String refused;
  private @Nullable FileStamp believed;
  private @Nullable FileStamp lastSeen;
  private long readNanos;
  private boolean asked;
  private boolean owesAnswer;

  /** The listener of a watch, called on its thread. */
  public interface FileTextListener {
    /**
     * Receives another text of the file.
     *
     * @throws IllegalArgumentException with the reason to reject it
     */
    void onText(String text);

    /**
     * Called when the text was rejected, with the reason. The last accepted text stays in effect.
     */
    void onRejected(String reason);

    /**
     * The text that stands for no configuration, since an empty file is taken for a mistake; for
     * error messages.
     */
    default String emptyText() {
      return "{} to say that nothing is configured";
    }
  }

  FileWatch(Path path, String accepted, FileTextListener fileTextListener) {
    this.path = path;
    this.accepted = accepted;
    this.fileTextListener = fileTextListener;
    this.readNanos = System.nanoTime();
    thread = new Thread(this::run, "holdfast-file");
    thread.setDaemon(true);
  }

  /**
   * Starts the watch of a file.
   *
   * @param accepted the text in effect; the listener receives any other
   */
  public static FileWatch start(Path path, String accepted, FileTextListener fileTextListener) {
    FileWatch watch = new FileWatch(path, accepted, fileTextListener);
    watch.thread.start();
    return watch;
  }

  /**
   * The text of a file.
   *
   * @throws IOException when it can't be read
   * @throws YamlException when it is too long
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
   * Requests a read as soon as the file is stable. The listener receives the text even when it is
   * the accepted one.
   */
  public void readNow() {
    wake.release();
  }

  /** Stops the watch. Waits up to 5 s for a listener call in progress; no other call follows. */
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

  /** Polls the file; confined to the watch's thread. */
  void look(boolean asksNow) {
    asked |= asksNow;
    owesAnswer |= asksNow;
    try {
      FileStamp stamp = FileStamp.of(path);
      boolean settled = lastSeen == null || stamp.equals(lastSeen) || stamp.isRenamedOver(lastSeen);
      boolean due = System.nanoTime() - readNanos > REREAD.toNanos();
      lastSeen = stamp;
      // Who asks also waits until the file looks the same twice: half a file is no answer.
      if (settled && (asked || due || !stamp.equals(believed))) {
        readNanos = System.nanoTime();
        String text = read(path);
        if (stamp.equals(FileStamp.of(path))) {
          believed = stamp;
          take(text);
        }
      }
    } catch (IOException e) {
      asked = false;
      refuse(path + ": can't be read: " + IoErrorText.of(e));
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
      refuse(path + ":1: an empty file (expected: " + fileTextListener.emptyText() + ")");
      return;
    }
    fileTextListener.onText(text);
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
    fileTextListener.onRejected(reason);
  }
}
