package dev.holdfast.bench;

import dev.holdfast.bench.run.Benchmark;
import java.util.Optional;

/** A benchmark that uses a third-party program which exists for one processor architecture only. */
final class NeedsArchitecture extends ConditionalBenchmark {
  private final String architecture;

  /**
   * Wraps a benchmark so that it runs on the given architecture only.
   *
   * @param architecture the name of the architecture in Java's {@code os.arch}
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
