package dev.holdfast.testrunner;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes the test classes that took longest to the log, with their elapsed time and what they and
 * their child processes took of the CPU: where to look when a room is slow. A child counts for the
 * class during which it ended, and classes that run beside each other count each other's.
 */
final class SlowestTests implements TestExecutionListener {
  private static final int MOST = 15;

  private final PrintStream log;
  private final Map<String, Cost> begun = new ConcurrentHashMap<>();
  private final Map<String, Cost> costOf = new ConcurrentHashMap<>();

  SlowestTests(PrintStream log) {
    this.log = log;
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    if (isClass(test)) {
      begun.put(test.getUniqueId(), Cost.untilNow());
    }
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    Cost before = begun.remove(test.getUniqueId());
    if (before != null) {
      costOf.put(test.getLegacyReportingName(), Cost.untilNow().minus(before));
    }
  }

  private static boolean isClass(TestIdentifier test) {
    return test.getSource().filter(ClassSource.class::isInstance).isPresent();
  }

  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    costOf.entrySet().stream()
        .sorted(Comparator.comparing(each -> each.getValue().elapsed().negated()))
        .limit(MOST)
        .forEach(
            each ->
                log.printf(
                    Locale.ROOT,
                    "slow: %.1f s, CPU %.1f s, %s%n",
                    each.getValue().elapsed().toMillis() / 1_000.0,
                    each.getValue().cpu().toMillis() / 1_000.0,
                    each.getKey()));
  }

  /**
   * What was used until an instant, or between two.
   *
   * @param elapsed the elapsed time, since an arbitrary one
   * @param cpu user and system time of this process and of its children that ended
   */
  private record Cost(Duration elapsed, Duration cpu) {
    static Cost untilNow() {
      try {
        return new Cost(Duration.ofNanos(System.nanoTime()), CpuTimes.now().sum());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    Cost minus(Cost before) {
      return new Cost(elapsed.minus(before.elapsed), cpu.minus(before.cpu));
    }
  }
}
