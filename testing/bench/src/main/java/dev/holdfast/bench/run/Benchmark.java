package dev.holdfast.bench.run;

import java.util.List;

/**
 * A benchmark that compares alternatives. It prints its progress and ends with one line that starts
 * with {@code RESULT}. A missed bound gives an exit code other than 0.
 */
public interface Benchmark {
  /** The name of the benchmark for {@code bench/run NAME}: one word in lower case. */
  String name();

  /** The line of {@code bench/run --help}: the measured quantity and its bound. */
  String summary();

  /**
   * Runs the benchmark and prints its result.
   *
   * @param args the arguments after the name on the command line
   * @return the exit code: 0 within the bounds, 1 a bound was missed, 2 the arguments were wrong
   */
  int run(List<String> args) throws Exception;
}
