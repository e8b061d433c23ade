package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;

/**
 * The part of all cores' time that was used since it was asked before, 0 to 1, as Linux counts it;
 * NaN when it is not known, as it is at first. Time that the host took counts as used.
 */
final class CpuLoad implements DoubleSupplier {
  private static final Path STAT = Path.of("/proc/stat");

  /** User, nice, system, idle, iowait, irq, softirq, steal; what follows is part of user. */
  private static final int TIMES = 8;

  private static final int IDLE = 3;
  private static final int IO_WAIT = 4;

  private final Path stat;
  private long lastUsed;
  private long lastAll;

  CpuLoad() {
    this(STAT);
  }

  CpuLoad(Path stat) {
    this.stat = stat;
  }

  @Override
  public double getAsDouble() {
    String[] fields;
    try (var lines = Files.lines(stat)) {
      fields = lines.findFirst().orElse("").trim().split("\\s+");
    } catch (IOException e) {
      // Not Linux: the machine counts as busy.
      return Double.NaN;
    }
    long used = 0;
    long all = 0;
    for (int i = 0; i < Math.min(TIMES, fields.length - 1); i++) {
      long time = Long.parseLong(fields[i + 1]);
      all += time;
      used += i == IDLE || i == IO_WAIT ? 0 : time;
    }
    boolean first = lastAll == 0;
    double load = (double) (used - lastUsed) / (all - lastAll);
    lastUsed = used;
    lastAll = all;
    return first ? Double.NaN : load;
  }
}
