package dev.holdfast.testrunner;

import java.io.PrintStream;
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
 * Writes the test classes that took longest to the log, with their elapsed time: where to look when
 * a room is slow. The time of a class that others ran beside counts what they took of the machine.
 */
final class SlowestTests implements TestExecutionListener {
  private static final int MOST = 15;

  private final PrintStream log;
  private final Map<String, Long> begunNanos = new ConcurrentHashMap<>();
  private final Map<String, Duration> tookOf = new ConcurrentHashMap<>();

  SlowestTests(PrintStream log) {
    this.log = log;
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    begunNanos.put(test.getUniqueId(), System.nanoTime());
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    Long begun = begunNanos.remove(test.getUniqueId());
    if (begun != null && test.getSource().filter(ClassSource.class::isInstance).isPresent()) {
      tookOf.put(test.getLegacyReportingName(), Duration.ofNanos(System.nanoTime() - begun));
    }
  }

  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    tookOf.entrySet().stream()
        .sorted(Map.Entry.<String, Duration>comparingByValue(Comparator.reverseOrder()))
        .limit(MOST)
        .forEach(
            each ->
                log.printf(
                    Locale.ROOT,
                    "slow: %.1f s, %s%n",
                    each.getValue().toMillis() / 1_000.0,
                    each.getKey()));
  }
}
