package dev.holdfast.bench;

import dev.holdfast.bench.run.Benchmark;
import java.util.List;
import java.util.Optional;

/**
 * A benchmark that not every machine can run. Where a requirement is missing, it names the
 * requirement and exits with {@value #UNAVAILABLE}. Help has no requirements.
 */
abstract class ConditionalBenchmark implements Benchmark {
  /** The exit code of what a machine can't run as it is. */
  static final int UNAVAILABLE = InKernelLab.UNAVAILABLE;

  private final Benchmark benchmark;

  ConditionalBenchmark(Benchmark benchmark) {
    this.benchmark = benchmark;
  }

  /** The reason why this machine can't run it, with what to do about it; empty when it can. */
  abstract Optional<String> missing();

  @Override
  public final String name() {
    return benchmark.name();
  }

  @Override
  public final String summary() {
    return benchmark.summary();
  }

  @Override
  public final int run(List<String> args) throws Exception {
    boolean help = args.contains("--help") || args.contains("-h");
    Optional<String> missing = help ? Optional.empty() : missing();
    if (missing.isEmpty()) {
      return benchmark.run(args);
    }
    System.err.printf("bench %s: %s%n", name(), missing.get());
    return UNAVAILABLE;
  }
}
