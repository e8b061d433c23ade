package dev.holdfast.bench.run;

/**
 * An integer option of a benchmark, given as {@code --name value}.
 *
 * @param name with its leading dashes
 * @param defaultValue the value for the record, as the benchmark's issue has it
 * @param quickValue the value with {@code --quick}
 * @param min the smallest value
 * @param max the largest value
 * @param meaning one line for {@code --help}
 */
public record Option(
    String name, int defaultValue, int quickValue, int min, int max, String meaning) {
  public Option {
    requireWithin(name, defaultValue, min, max);
    requireWithin(name, quickValue, min, max);
  }

  public static void requireWithin(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + min + " to " + max + ")");
    }
  }
}
