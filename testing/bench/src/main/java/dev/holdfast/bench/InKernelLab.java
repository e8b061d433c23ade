package dev.holdfast.bench;

import dev.holdfast.bench.run.Benchmark;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Options;
import dev.holdfast.lab.kernel.KernelLab;
import dev.holdfast.lab.kernel.KernelLabException;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A benchmark that needs a {@link KernelLab}. It runs as root, or starts itself again as root of a
 * user namespace. Where neither is possible, it says so and exits with {@value #UNAVAILABLE}.
 */
final class InKernelLab implements Benchmark {
  /** The exit code of the program too, where a kernel lab can't be had. */
  static final int UNAVAILABLE = 3;

  private static final int ROOT = 0;

  private final Comparison benchmark;

  InKernelLab(Comparison benchmark) {
    this.benchmark = benchmark;
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
    try {
      return needsNoLab(args) || isRoot() ? benchmark.run(args) : again(args);
    } catch (KernelLabException e) {
      if (e.kind() != KernelLabException.KernelLabFailureKind.UNAVAILABLE) {
        throw e;
      }
      System.err.printf("bench %s: %s%n", name(), e.getMessage());
      return UNAVAILABLE;
    }
  }

  /** Help, and arguments that are refused, need no rights. */
  private boolean needsNoLab(List<String> args) {
    if (args.contains("--help") || args.contains("-h")) {
      return true;
    }
    try {
      benchmark.validate(Options.parse(benchmark.options(), args));
      return false;
    } catch (IllegalArgumentException e) {
      // The benchmark itself says what is wrong with them.
      return true;
    }
  }

  private static boolean isRoot() throws IOException {
    Path self = Path.of("/proc/self");
    return Files.exists(self) && Files.getAttribute(self, "unix:uid").equals(ROOT);
  }

  private int again(List<String> args) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(name()));
    words.addAll(args);
    Process child =
        new ProcessBuilder(
                KernelLab.inUserNamespace(ChildJvm.command(Bench.class, List.of(), words)))
            .inheritIO()
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(child::destroy, "bench-namespace-end"));
    return child.waitFor();
  }
}
