package dev.holdfast.cli.demo;

import java.io.PrintWriter;
import java.util.Locale;

/** Lines for a pipe or a log file: steps as they happen, the table every few seconds. */
final class PlainDisplay implements DemoDisplay {
  private static final double TABLE_EVERY_SECONDS = 5;
  private static final int WIDTH = 120;

  private final PrintWriter out;
  private double nextTableSeconds;

  PlainDisplay(PrintWriter out) {
    this.out = out;
  }

  @Override
  public synchronized void say(String line) {
    print(line);
  }

  @Override
  public synchronized void stepStarted(int number, String title) {
    print(announcement(number, title));
  }

  @Override
  public synchronized void stepEnded(StepReport report) {
    print(report.line());
  }

  @Override
  public synchronized void table(DemoSnapshot snapshot) {
    if (snapshot.elapsedSeconds() >= nextTableSeconds) {
      nextTableSeconds = snapshot.elapsedSeconds() + TABLE_EVERY_SECONDS;
      DemoTable.lines(snapshot, WIDTH).forEach(this::print);
    }
  }

  @Override
  public synchronized void failure(double atSeconds, String step, String status) {
    print(failureLine(atSeconds, step, status));
  }

  @Override
  public synchronized void result(DemoResult result) {
    print(result.line());
  }

  /** The line that announces a step. */
  static String announcement(int number, String title) {
    return "step " + number + "/" + DemoResult.STEPS + " " + title + " ...";
  }

  /** The line that tells of a failed call. */
  static String failureLine(double atSeconds, String step, String status) {
    return String.format(Locale.ROOT, "failed call at %.3f s, %s: %s", atSeconds, step, status);
  }

  private void print(String line) {
    out.println(line);
    out.flush();
  }
}
