package dev.holdfast.bench.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The CPU time of a JVM by the purpose of its threads, as the kernel counts it. For threads that
 * have ended only the sum is known.
 *
 * @param allSeconds of the process
 * @param compilersSeconds of the threads that compile
 * @param collectorSeconds of the threads that collect garbage
 */
public record JvmCpu(double allSeconds, double compilersSeconds, double collectorSeconds) {
  /** The CPU time of a JVM that used none. */
  public static final JvmCpu NONE = new JvmCpu(0, 0, 0);

  /** USER_HZ, which is 100 on every Linux that Java runs on. */
  private static final double TICKS_PER_SECOND = 100;

  /** Fields of {@code /proc/PID/stat} behind the name: the 14th and the 15th of all. */
  private static final int USER = 11;

  private static final int SYSTEM = 12;

  /** Reads what a running process has used so far. */
  public static JvmCpu of(long pid) throws IOException {
    Path process = Path.of("/proc/" + pid);
    List<ThreadTime> threads;
    try (Stream<Path> tasks = Files.list(process.resolve("task"))) {
      threads = tasks.flatMap(task -> read(task.resolve("stat"))).toList();
    }
    double all = read(process.resolve("stat")).mapToDouble(ThreadTime::seconds).sum();
    return new JvmCpu(all, sum(threads, "C1 ", "C2 "), sum(threads, "GC ", "VM Thread"));
  }

  /** The CPU time since an earlier measurement. */
  public JvmCpu since(JvmCpu before) {
    return new JvmCpu(
        allSeconds - before.allSeconds,
        compilersSeconds - before.compilersSeconds,
        collectorSeconds - before.collectorSeconds);
  }

  @Override
  public String toString() {
    return "%.1f s (compilers %.1f s, collector %.1f s)"
        .formatted(allSeconds, compilersSeconds, collectorSeconds);
  }

  private static double sum(List<ThreadTime> threads, String... names) {
    return threads.stream()
        .filter(thread -> Stream.of(names).anyMatch(thread.name::startsWith))
        .mapToDouble(ThreadTime::seconds)
        .sum();
  }

  private record ThreadTime(String name, double seconds) {}

  /** Nothing for a thread that has ended meanwhile. */
  private static Stream<ThreadTime> read(Path stat) {
    String line;
    try {
      line = Files.readString(stat);
    } catch (NoSuchFileException e) {
      return Stream.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String name = line.substring(line.indexOf('(') + 1, line.lastIndexOf(')'));
    String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    long ticks = Long.parseLong(fields[USER]) + Long.parseLong(fields[SYSTEM]);
    return Stream.of(new ThreadTime(name, ticks / TICKS_PER_SECOND));
  }
}
