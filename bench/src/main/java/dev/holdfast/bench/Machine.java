package dev.holdfast.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** What the figures were measured on, and what this process has used of it. */
final class Machine {
  private static final double BUSY_SHARE = 0.25;
  private static final int SETTLING_COLLECTIONS = 6;
  private static final long SETTLING_MILLIS = 700;

  private Machine() {}

  /** Cores, JVM and load, in one line. */
  static String describe() {
    return String.format(
        Locale.ROOT, "on %d cores, Java %s, load %.2f", cores(), Runtime.version(), loadAverage());
  }

  static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }

  /** Says so when somebody else works here: figures then tell of both. */
  static void warnWhenBusy(Report report) {
    double load = loadAverage();
    if (load > BUSY_SHARE * cores()) {
      report.print(
          String.format(
              Locale.ROOT,
              "  note: the load is %.2f before we begin; the figures are those of a busy machine",
              load));
    }
  }

  /** CPU time of this process so far, all threads. */
  static long cpuNanos() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    return system instanceof com.sun.management.OperatingSystemMXBean own
        ? own.getProcessCpuTime()
        : -1;
  }

  /** What stays on the heap after two full collections. */
  static long liveHeapBytes() {
    var memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    memory.gc();
    MemoryUsage heap = memory.getHeapMemoryUsage();
    return heap.getUsed();
  }

  /**
   * As {@link #liveHeapBytes}, once what goes only after a collection, such as what a cleaner
   * holds, is gone too.
   */
  static long settledHeapBytes() throws InterruptedException {
    long least = liveHeapBytes();
    for (int i = 0; i < SETTLING_COLLECTIONS; i++) {
      TimeUnit.MILLISECONDS.sleep(SETTLING_MILLIS);
      least = Math.min(least, liveHeapBytes());
    }
    return least;
  }

  private static double loadAverage() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }
}
