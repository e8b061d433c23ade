package dev.holdfast.bench.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The process and socket tables of Linux in {@code /proc}. */
public final class KernelTables {
  /** The unit of times in {@code /proc/PID/stat}, the same on every architecture we run on. */
  public static final double MICROS_PER_TICK = 10_000;

  private static final int FIELD_UTIME = 11;
  private static final int FIELD_STIME = 12;
  private static final int FIELD_LOCAL = 1;
  private static final int FIELD_REMOTE = 2;
  private static final int FIELD_STATE = 3;
  private static final String STATE_TIME_WAIT = "06";

  private KernelTables() {}

  /**
   * CPU time of a process so far, in user mode and in the kernel for it; in steps of 10 ms.
   *
   * @throws NoSuchFileException when there is no such process
   */
  public static double cpuMicros(long pid) throws IOException {
    return cpuMicros(Files.readString(Path.of("/proc", Long.toString(pid), "stat")));
  }

  /**
   * CPU time of the threads of a process that run now, to the nanosecond ({@code schedstat}); those
   * that have ended are not in it.
   *
   * @throws NoSuchFileException when there is no such process
   */
  public static double schedulerMicros(long pid) throws IOException {
    double sum = 0;
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path thread : threads) {
        try {
          sum += schedulerMicros(Files.readString(thread.resolve("schedstat")));
        } catch (NoSuchFileException e) {
          // It ended in between; what it took is in cpuMicros.
        }
      }
    }
    return sum;
  }

  static double schedulerMicros(String schedstat) {
    return Long.parseLong(schedstat.strip().split(" ", 2)[0]) / 1e3;
  }

  /** The name in parentheses may hold anything, so fields are counted from behind it. */
  static double cpuMicros(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return MICROS_PER_TICK
        * (Long.parseLong(fields[FIELD_UTIME]) + Long.parseLong(fields[FIELD_STIME]));
  }

  /** Sockets in TIME_WAIT that have this port at one of their ends. */
  public static long timeWait(int port) throws IOException {
    long count = 0;
    for (String table : List.of("tcp", "tcp6")) {
      Path file = Path.of("/proc/net", table);
      if (Files.exists(file)) {
        count += timeWait(Files.readString(file, StandardCharsets.US_ASCII), port);
      }
    }
    return count;
  }

  static long timeWait(String table, int port) {
    String end = String.format(Locale.ROOT, ":%04X", port);
    return table
        .lines()
        .skip(1)
        .map(line -> line.strip().split("\\s+", -1))
        .filter(fields -> fields[FIELD_STATE].equals(STATE_TIME_WAIT))
        .filter(fields -> fields[FIELD_LOCAL].endsWith(end) || fields[FIELD_REMOTE].endsWith(end))
        .count();
  }
}
