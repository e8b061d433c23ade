package dev.holdfast.cli.demo.report;

import java.io.PrintWriter;
import java.util.Locale;

/**
 * The display for a pipe or a log file: steps as they happen, and the current state every few
 * seconds.
 */
final class PlainDisplay implements DemoDisplay {
  private static final double PICTURE_EVERY_SECONDS = 5;

  private final PrintWriter out;
  private double nextPictureSeconds;

  PlainDisplay(PrintWriter out) {
    this.out = out;
  }

  @Override
  public synchronized void say(String line) {
    print(line);
  }

  @Override
  public synchronized void stepStarted(StepTitle step) {
    print(announcement(step));
  }

  @Override
  public synchronized void stepEnded(StepReport report) {
    print(report.line());
  }

  @Override
  public synchronized void snapshot(RunSnapshot picture) {
    if (picture.elapsedSeconds() >= nextPictureSeconds) {
      nextPictureSeconds = picture.elapsedSeconds() + PICTURE_EVERY_SECONDS;
      picture.lines().forEach(this::print);
    }
  }

  @Override
  public synchronized void failure(double atSeconds, String step, String status) {
    print(failureLine(atSeconds, step, status));
  }

  @Override
  public synchronized void result(DemoOutcome result) {
    print(result.line());
  }

  /** The line that announces a step. */
  static String announcement(StepTitle step) {
    return step.line() + " ...";
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
