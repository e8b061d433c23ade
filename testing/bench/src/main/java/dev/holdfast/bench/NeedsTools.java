package dev.holdfast.bench;

import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Benchmark;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A benchmark that needs installed programs to compare with. Where one is missing, it says how to
 * install the program. ({@code bench/run} installs them where it may.)
 */
final class NeedsTools extends ConditionalBenchmark {
  private final List<ExternalTool> tools;

  NeedsTools(Benchmark benchmark, List<ExternalTool> tools) {
    super(benchmark);
    this.tools = List.copyOf(tools);
  }

  @Override
  Optional<String> missing() {
    List<ExternalTool> missing = tools.stream().filter(tool -> tool.find().isEmpty()).toList();
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "missing: %s (install with: apt-get update && apt-get install -y %s)"
                .formatted(
                    words(missing.stream().map(ExternalTool::program).toList()),
                    words(missing.stream().map(ExternalTool::debianPackage).toList())));
  }

  private static String words(List<String> words) {
    return words.stream().distinct().collect(Collectors.joining(" "));
  }
}
