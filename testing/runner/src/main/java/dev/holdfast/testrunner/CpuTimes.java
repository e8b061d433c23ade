package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * CPU times of this process, user and system, and of its children that have ended.
 *
 * @param own the time of this process
 * @param children the time of its children, and theirs
 */
record CpuTimes(Duration own, Duration children) {
  /** USER_HZ is 100 on all architectures that Linux and a JDK run on. */
  private static final long TICK_MS = 10;

  static CpuTimes now() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    // The program's name, in brackets, may have spaces.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return new CpuTimes(ticks(fields[11], fields[12]), ticks(fields[13], fields[14]));
  }

  Duration sum() {
    return own.plus(children);
  }

  private static Duration ticks(String user, String system) {
    return Duration.ofMillis((Long.parseLong(user) + Long.parseLong(system)) * TICK_MS);
  }
}
