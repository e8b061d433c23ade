package dev.holdfast.cli.top;

import dev.holdfast.core.annotation.Limit;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The keys that are pressed in the terminal of this process, one by one and without echo. The
 * terminal is as before once this is closed. Without a terminal there are no keys.
 */
final class TopKeys implements AutoCloseable {
  private static final long SHELL_MILLIS = 2_000;

  @Limit(
      of = "keys that were pressed while `holdfast top` draws",
      then = "further ones are dropped")
  private static final int MAX_WAITING = 64;

  private static final String TERMINAL = "/dev/tty";

  private final BlockingQueue<Character> pressed = new LinkedBlockingQueue<>(MAX_WAITING);
  private @Nullable String before;

  private TopKeys() {}

  /** Takes the terminal's keys. */
  static TopKeys open() {
    TopKeys keys = new TopKeys();
    keys.before = stty("-g").filter(state -> !state.isEmpty()).orElse(null);
    if (keys.before != null && stty("-icanon -echo min 1").isPresent()) {
      Thread thread = new Thread(keys::read, "holdfast-keys");
      thread.setDaemon(true);
      thread.start();
    }
    return keys;
  }

  /** The next key; empty when none is pressed in time. */
  Optional<Character> next(Duration patience) throws InterruptedException {
    return Optional.ofNullable(pressed.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
  }

  @Override
  public void close() {
    String state = before;
    if (state != null) {
      var unused = stty(state);
    }
  }

  private void read() {
    try (InputStream in = new FileInputStream(TERMINAL)) {
      for (int key = in.read(); key >= 0; key = in.read()) {
        // Keys that nobody waits for any more are dropped: they are held down.
        var unused = pressed.offer((char) key);
      }
    } catch (IOException e) {
      // Without keys the display goes on; Ctrl-C ends it.
      Thread.currentThread().interrupt();
    }
  }

  /**
   * What stty prints; empty when it fails. Its words are ours or its own, so no shell is fooled.
   */
  private static Optional<String> stty(String words) {
    try {
      Process stty =
          new ProcessBuilder("/bin/sh", "-c", "stty " + words + " 2>/dev/null <" + TERMINAL)
              .start();
      if (!stty.waitFor(SHELL_MILLIS, TimeUnit.MILLISECONDS) || stty.exitValue() != 0) {
        return Optional.empty();
      }
      return Optional.of(
          new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
