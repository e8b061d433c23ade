package dev.holdfast.bench;

import java.util.List;

/**
 * One measured comparison. It prints what it does as it goes and ends with one line that starts
 * with {@code RESULT}; a missed bound is an exit code other than 0.
 */
public interface Benchmark {
  /** What {@code bench/run NAME} calls it: lower case, one word. */
  String name();

  /** One line for {@code bench/run --help}: what is measured, and the bound. */
  String summary();

  /**
   * Measures.
   *
   * @param args what stood after the name on the command line
   * @return the exit code: 0 within the bounds, 1 a bound was missed, 2 the arguments were wrong
   */
  int run(List<String> args) throws Exception;
}
