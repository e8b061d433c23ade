package dev.holdfast.bench;

import java.util.Optional;

/** A benchmark with a program of somebody else that exists for one kind of processor only. */
final class NeedsArchitecture extends ConditionalBenchmark {
  private final String architecture;

  /**
   * Wraps a benchmark.
   *
   * @param architecture as Java's {@code os.arch} names it
   */
  NeedsArchitecture(Benchmark benchmark, String architecture) {
    super(benchmark);
    this.architecture = architecture;
  }

  @Override
  Optional<String> missing() {
    String here = System.getProperty("os.arch");
    return here.equals(architecture)
        ? Optional.empty()
        : Optional.of(
            "processor: %s (expected: %s, which its program is for)".formatted(here, architecture));
  }
}
