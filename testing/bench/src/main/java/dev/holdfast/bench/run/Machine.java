package dev.holdfast.bench.run;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.ObjectName;

/** The machine that the figures were measured on, and the resources that this process uses. */
public final class Machine {
  private static final double BUSY_SHARE = 0.25;
  private static final int SETTLING_COLLECTIONS = 6;
  private static final long SETTLING_MILLIS = 700;

  private Machine() {}

  /** Cores, JVM and load, in one line. */
  static String describe() {
    return String.format(
        Locale.ROOT, "on %d cores, Java %s, load %.2f", cores(), Runtime.version(), loadAverage());
  }

  public static int cores() {
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
  public static long cpuNanos() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    return system instanceof com.sun.management.OperatingSystemMXBean own
        ? own.getProcessCpuTime()
        : -1;
  }

  /** The time that the compilers of this process have taken so far, in milliseconds. */
  public static long compiledMillis() {
    return ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
  }

  /** The heap in use after two full collections, in bytes. */
  public static long liveHeapBytes() {
    var memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    memory.gc();
    MemoryUsage heap = memory.getHeapMemoryUsage();
    return heap.getUsed();
  }

  /**
   * Bytes of all objects that are reachable, once what goes only after a collection, such as what a
   * cleaner holds, is gone too.
   *
   * <p>Counted object by object: the heap in use is larger by the buffers that threads allocate
   * from, which are megabytes and differ from run to run.
   */
  public static long settledHeapBytes() throws InterruptedException, JMException {
    long least = reachableBytes();
    for (int i = 0; i < SETTLING_COLLECTIONS; i++) {
      TimeUnit.MILLISECONDS.sleep(SETTLING_MILLIS);
      least = Math.min(least, reachableBytes());
    }
    return least;
  }

  /** The last line of the JVM's own histogram: {@code Total 2687630 112292360}. */
  private static long reachableBytes() throws JMException {
    Object histogram =
        ManagementFactory.getPlatformMBeanServer()
            .invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                "gcClassHistogram",
                new Object[] {new String[0]},
                new String[] {String[].class.getName()});
    String[] words = histogram.toString().strip().split("\\s+", -1);
    return Long.parseLong(words[words.length - 1]);
  }

  private static double loadAverage() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }
}
