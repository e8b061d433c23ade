package dev.holdfast.testrunner;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.function.DoubleSupplier;

/**
 * The monitor of a machine that stands still.
 *
 * <p>A test that waits five seconds for an answer fails when a virtual machine is paused for six,
 * and then no log has the cause. The monitor sleeps for a tenth of a second at a time, and prints a
 * line when it wakes much too late.
 */
final class PauseMonitor {
  /** The time between two looks. */
  static final long STEP_MILLIS = 100;

  private static final long LEAST_PAUSE_NANOS = 1_500_000_000;
  private static final double NANOS_PER_SECOND = 1e9;
  private static final int MAX_PRINTED = 50;

  private final PrintStream out;
  private final DoubleSupplier load;
  private long lastNanos;
  private int printed;

  PauseMonitor(PrintStream out, DoubleSupplier load, long startNanos) {
    this.out = out;
    this.load = load;
    this.lastNanos = startNanos;
  }

  /** Starts the monitor's thread, which ends with the program. */
  static void start(PrintStream out) {
    PauseMonitor monitor =
        new PauseMonitor(
            out,
            ManagementFactory.getOperatingSystemMXBean()::getSystemLoadAverage,
            System.nanoTime());
    Thread thread = new Thread(monitor::run, "pause-monitor");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try {
      while (printed < MAX_PRINTED) {
        Thread.sleep(STEP_MILLIS);
        observe(System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Looks at the clock, about {@link #STEP_MILLIS} after the last time. */
  void observe(long nowNanos) {
    long pauseNanos = nowNanos - lastNanos - STEP_MILLIS * 1_000_000;
    lastNanos = nowNanos;
    if (pauseNanos >= LEAST_PAUSE_NANOS) {
      printed++;
      out.println(
          String.format(
              Locale.ROOT,
              "(the machine stood still for %.1f s; load average %.1f)",
              pauseNanos / NANOS_PER_SECOND,
              load.getAsDouble()));
    }
  }
}
