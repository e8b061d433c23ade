package dev.holdfast.bench.run;

import java.util.List;

/**
 * The frame of a benchmark: options, {@code --help}, what it measures and where it is unfair, then
 * the run in a {@link RunResources} of its own.
 */
public abstract class Comparison implements Benchmark {

  /** The options, in the order of {@code --help}. */
  public abstract List<Option> options();

  /** The description of the measured quantity and the method, in lines. */
  protected abstract List<String> method();

  /** The description of the method's bias, in lines: where the figures favour one side. */
  protected abstract List<String> unfair();

  /**
   * Checks options that must fit each other.
   *
   * @throws IllegalArgumentException when they don't
   */
  public void validate(Options options) {}

  /** Measures, and leaves figures and bounds in the report. */
  protected abstract void measure(Options options, RunResources runResources, Report report)
      throws Exception;

  @Override
  public final int run(List<String> args) throws Exception {
    if (args.contains("--help") || args.contains("-h")) {
      printHelp();
      return 0;
    }
    Options options;
    try {
      options = Options.parse(options(), args);
      validate(options);
    } catch (IllegalArgumentException e) {
      System.err.printf("bench %s: %s%n", name(), e.getMessage());
      return 2;
    }
    Report report = new Report(System.out, options.quick());
    printHead(options, report);
    try (RunResources runResources = RunResources.untilExit()) {
      try {
        measure(options, runResources, report);
      } catch (Exception e) {
        if (runResources.isClosed()) {
          System.err.printf("bench %s: stopped%n", name());
          return 1;
        }
        throw e;
      }
    }
    return report.finish();
  }

  private void printHead(Options options, Report report) {
    report.print("bench " + name() + ": " + summary());
    method().forEach(line -> report.print("  " + line));
    unfair().forEach(line -> report.print("  unfair: " + line));
    StringBuilder given = new StringBuilder("  with");
    options().forEach(o -> given.append(' ').append(o.name()).append(' ').append(options.get(o)));
    report.print(given.toString());
    report.print("  " + Machine.describe());
    if (options.quick()) {
      report.print(
          "  --quick: a smoke run. Its figures mean nothing and its speed bounds don't count.");
    }
    Machine.warnWhenBusy(report);
  }

  private void printHelp() {
    System.out.printf("bench/run %s [--quick] [--option number].. %n  %s%n%n", name(), summary());
    method().forEach(line -> System.out.println("  " + line));
    unfair().forEach(line -> System.out.println("  unfair: " + line));
    System.out.printf(
        "%n  %-16s %8s %8s  %-16s %s%n", "option", "default", "--quick", "range", "meaning");
    for (Option o : options()) {
      System.out.printf(
          "  %-16s %8d %8d  %-16s %s%n",
          o.name(), o.defaultValue(), o.quickValue(), o.min() + " to " + o.max(), o.meaning());
    }
    System.out.printf(
        "%n  --quick          a smoke run: short, and its speed bounds don't count%n"
            + "  exit code        0 bounds kept, 1 a bound missed, 2 wrong arguments%n");
  }
}
