package dev.holdfast.cli.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The terminal of standard output: whether there is one, and its size.
 *
 * <p>Java before version 22 can't tell ({@code System.console()} also wants standard input to be a
 * terminal), so the shell is asked: {@code test -t 1} and {@code stty size}.
 */
public final class Terminal {
  private static final Size DEFAULT_SIZE = new Size(24, 80);
  private static final long SHELL_MILLIS = 2_000;
  private static final Pattern SIZE = Pattern.compile("\\s*([1-9]\\d*) ([1-9]\\d*)\\s*");

  private Terminal() {}

  /** Whether a person reads standard output in a terminal that can move its cursor. */
  public static boolean isInteractive() {
    String term = System.getenv("TERM");
    if (term == null || term.equals("dumb")) {
      return false;
    }
    try {
      Process test =
          new ProcessBuilder("/bin/sh", "-c", "test -t 1")
              .redirectOutput(ProcessBuilder.Redirect.INHERIT)
              .start();
      return test.waitFor(SHELL_MILLIS, TimeUnit.MILLISECONDS) && test.exitValue() == 0;
    } catch (IOException e) {
      return false; // without a shell: plain lines, which are right everywhere
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Rows and columns of a terminal. */
  public record Size(int rows, int columns) {}

  /** The size of the terminal this program was started from; 24 x 80 when it can't be had. */
  public static Size size() {
    try {
      Process stty = new ProcessBuilder("/bin/sh", "-c", "stty size 2>/dev/null </dev/tty").start();
      if (!stty.waitFor(SHELL_MILLIS, TimeUnit.MILLISECONDS)) {
        return DEFAULT_SIZE;
      }
      String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      Matcher size = SIZE.matcher(answer);
      return size.matches()
          ? new Size(Integer.parseInt(size.group(1)), Integer.parseInt(size.group(2)))
          : DEFAULT_SIZE;
    } catch (IOException e) {
      return DEFAULT_SIZE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return DEFAULT_SIZE;
    }
  }
}
