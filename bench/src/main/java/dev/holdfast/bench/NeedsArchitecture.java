package dev.holdfast.bench;

import java.util.List;

/**
 * A benchmark with a program of somebody else that exists for one kind of processor only: on
 * another one it says so and exits with {@value #UNAVAILABLE}.
 */
final class NeedsArchitecture implements Benchmark {
  private static final int UNAVAILABLE = InKernelLab.UNAVAILABLE;

  private final Benchmark benchmark;
  private final String architecture;

  /**
   * Wraps a benchmark.
   *
   * @param architecture as Java's {@code os.arch} names it
   */
  NeedsArchitecture(Benchmark benchmark, String architecture) {
    this.benchmark = benchmark;
    this.architecture = architecture;
  }

  @Override
  public String name() {
    return benchmark.name();
  }

  @Override
  public String summary() {
    return benchmark.summary();
  }

  @Override
  public int run(List<String> args) throws Exception {
    String here = System.getProperty("os.arch");
    boolean help = args.contains("--help") || args.contains("-h");
    if (help || here.equals(architecture)) {
      return benchmark.run(args);
    }
    System.err.printf(
        "bench %s: processor: %s (expected: %s, which its program is for)%n",
        name(), here, architecture);
    return UNAVAILABLE;
  }
}
