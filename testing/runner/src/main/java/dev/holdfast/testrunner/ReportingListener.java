package dev.holdfast.testrunner;

import java.io.PrintStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Writes what becomes of each test to the report, and the stacks of failures to the log. */
final class ReportingListener implements TestExecutionListener {
  private final ReportFile report;
  private final PrintStream log;
  private volatile @Nullable TestPlan plan;

  ReportingListener(ReportFile report, PrintStream log) {
    this.report = report;
    this.log = log;
  }

  @Override
  public void testPlanExecutionStarted(TestPlan plan) {
    this.plan = plan;
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    if (test.isTest()) {
      report.begin(test.getUniqueId());
    }
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    end(test, TestResult.SKIPPED, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    Throwable thrown = result.getThrowable().orElse(null);
    String message = thrown == null ? "" : thrown.toString();
    switch (result.getStatus()) {
      case SUCCESSFUL -> {
        if (test.isTest()) {
          end(test, TestResult.PASSED, "");
        }
      }
      // An assumption of a test, or of its class, does not hold.
      case ABORTED -> end(test, TestResult.SKIPPED, message);
      case FAILED -> {
        log.println("FAILED: " + name(test) + "\n" + (thrown == null ? "" : StackText.of(thrown)));
        end(test, thrown instanceof AssertionError ? TestResult.FAILED : TestResult.ERROR, message);
      }
    }
  }

  private void end(TestIdentifier test, TestResult result, String message) {
    report.end(test.getUniqueId(), result, className(test), name(test), message);
  }

  /** The class, its method and, for one of a method's several tests, what it is called. */
  private String name(TestIdentifier test) {
    String className = className(test);
    String simple = className.substring(className.lastIndexOf('.') + 1);
    Optional<MethodSource> method = source(test, MethodSource.class);
    String display = test.getDisplayName();
    if (method.isEmpty()) {
      return display.equals(simple) ? simple : simple + " " + display;
    }
    String name = simple + "." + method.get().getMethodName();
    return display.startsWith(method.get().getMethodName()) ? name : name + " " + display;
  }

  /** The class that the test was found in: the outermost, which may inherit the method. */
  private String className(TestIdentifier test) {
    String found = source(test, MethodSource.class).map(MethodSource::getClassName).orElse("");
    TestPlan known = plan;
    Optional<TestIdentifier> each = Optional.of(test);
    while (each.isPresent()) {
      found = source(each.get(), ClassSource.class).map(ClassSource::getClassName).orElse(found);
      each = known == null ? Optional.empty() : known.getParent(each.get());
    }
    return found;
  }

  private static <T extends TestSource> Optional<T> source(TestIdentifier test, Class<T> type) {
    return test.getSource().filter(type::isInstance).map(type::cast);
  }
}
