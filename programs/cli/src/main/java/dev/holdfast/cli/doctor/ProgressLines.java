package dev.holdfast.cli.doctor;

import dev.holdfast.doctor.DoctorProgress;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * The progress display of an examination: a line per step, and a line about the current wait. On a
 * terminal that line is renewed in place; elsewhere it is printed twice a minute.
 */
final class ProgressLines implements DoctorProgress {
  private static final String RENEW = "\r\u001b[K";
  private static final int STATUS_PER_PLAIN_LINE = 30;

  private final PrintWriter err;
  private final boolean terminal;
  private final long startedNanos = System.nanoTime();
  private String status = "";
  private int statusCount;

  ProgressLines(PrintWriter err, boolean terminal) {
    this.err = err;
    this.terminal = terminal;
  }

  @Override
  public synchronized void onStep(String line) {
    double seconds = (System.nanoTime() - startedNanos) / 1e9;
    String text = String.format(Locale.ROOT, "[%6.1f s] %s", seconds, line);
    err.println(terminal ? RENEW + text : text);
    if (terminal) {
      err.print(status);
    }
    err.flush();
  }

  @Override
  public synchronized void onStatus(String line) {
    statusCount++;
    if (terminal) {
      status = line;
      err.print(RENEW + line);
      err.flush();
    } else if (statusCount % STATUS_PER_PLAIN_LINE == 0) {
      onStep(line);
    }
  }

  /** Clears the line about the current wait. */
  synchronized void done() {
    if (terminal) {
      err.print(RENEW);
      err.flush();
      status = "";
    }
  }
}
