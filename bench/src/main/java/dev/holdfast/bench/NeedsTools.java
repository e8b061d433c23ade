package dev.holdfast.bench;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A benchmark that compares with programs that must be installed: where one is missing it says how
 * to get it and exits with {@value #UNAVAILABLE}. ({@code bench/run} installs them where it may.)
 */
final class NeedsTools implements Benchmark {
  /** The exit code of what a machine can't run as it is. */
  static final int UNAVAILABLE = InKernelLab.UNAVAILABLE;

  private final Benchmark benchmark;
  private final List<ExternalTool> tools;

  NeedsTools(Benchmark benchmark, List<ExternalTool> tools) {
    this.benchmark = benchmark;
    this.tools = List.copyOf(tools);
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
    List<ExternalTool> missing = tools.stream().filter(tool -> tool.find().isEmpty()).toList();
    boolean help = args.contains("--help") || args.contains("-h");
    if (help || missing.isEmpty()) {
      return benchmark.run(args);
    }
    System.err.printf(
        "bench %s: missing: %s (install with: apt-get update && apt-get install -y %s)%n",
        name(),
        words(missing.stream().map(ExternalTool::program).toList()),
        words(missing.stream().map(ExternalTool::debianPackage).toList()));
    return UNAVAILABLE;
  }

  private static String words(List<String> words) {
    return words.stream().distinct().collect(Collectors.joining(" "));
  }
}
