package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Results of a room's tests, as the room's JVM reported them.
 *
 * @param classes the classes of which at least one test ran, failed or was skipped
 * @param failed a line for each test that failed
 * @param skipped a line for each test that was skipped, with the reason
 * @param unfinished tests that began and did not end
 * @param cpu the JVM's CPU time with that of its children; empty if the JVM did not get to its end
 */
record RoomReport(
    TestCounts counts,
    Set<String> classes,
    List<String> failed,
    List<String> skipped,
    Set<String> unfinished,
    Optional<Duration> cpu) {
  static final RoomReport EMPTY =
      new RoomReport(TestCounts.NONE, Set.of(), List.of(), List.of(), Set.of(), Optional.empty());

  private static final Pattern TAB = Pattern.compile("\t");

  /** A report; {@link #EMPTY} when there is no file, because the JVM did not start. */
  static RoomReport read(Path file) throws IOException {
    if (Files.notExists(file)) {
      return EMPTY;
    }
    TestCounts counts = TestCounts.NONE;
    Set<String> classes = new HashSet<>();
    List<String> failed = new ArrayList<>();
    List<String> skipped = new ArrayList<>();
    Set<String> unfinished = new LinkedHashSet<>();
    Optional<Duration> cpu = Optional.empty();
    for (String line : Files.readAllLines(file)) {
      String[] fields = TAB.split(line, -1);
      if (fields[0].equals(ReportFile.BEGIN) && fields.length == 2) {
        unfinished.add(fields[1]);
      } else if (fields[0].equals(ReportFile.END) && fields.length == 6) {
        unfinished.remove(fields[1]);
        TestResult result = TestResult.valueOf(fields[2]);
        counts = counts.plus(result);
        classes.add(fields[3]);
        String text = fields[4] + (fields[5].isEmpty() ? "" : ": " + fields[5]);
        switch (result) {
          case PASSED -> {}
          case FAILED, ERROR -> failed.add(text);
          case SKIPPED -> skipped.add(text);
        }
      } else if (fields[0].equals(ReportFile.DONE) && fields.length == 2) {
        cpu = Optional.of(Duration.ofMillis(Long.parseLong(fields[1])));
      }
      // A last line that was cut off tells nothing; without the line of the end the room is red.
    }
    return new RoomReport(counts, classes, failed, skipped, unfinished, cpu);
  }

  /** Whether the JVM got to its end. */
  boolean isComplete() {
    return cpu.isPresent();
  }
}
