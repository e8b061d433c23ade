package dev.holdfast.bench.run;

import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The output of a run: progress lines, at the end the missed bounds and one line {@code RESULT
 * key=value ..} of bare numbers. Confined to one thread.
 */
public final class Report {
  private static final int DECIMALS = 3;

  private final PrintStream out;
  private final boolean smoke;
  private final long startNanos = System.nanoTime();
  private final Map<String, String> figures = new LinkedHashMap<>();
  private final List<String> missed = new ArrayList<>();
  private final List<String> missedInSmoke = new ArrayList<>();

  /**
   * @param smoke whether figures mean nothing, so that only bounds on correctness count
   */
  Report(PrintStream out, boolean smoke) {
    this.out = out;
    this.smoke = smoke;
  }

  /** A line of progress, with the seconds since the start. */
  public void say(String format, Object... args) {
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    out.printf(Locale.ROOT, "[%6.1f s] %s%n", seconds, String.format(Locale.ROOT, format, args));
  }

  /** A line as it is. */
  public void print(String line) {
    out.println(line);
  }

  /** A figure of the RESULT line, in the order in which they are given. */
  public Report figure(String key, double value) {
    return figure(key, number(value));
  }

  /** A count, as {@link #figure(String, double)}. */
  public Report figure(String key, long count) {
    return figure(key, Long.toString(count));
  }

  /** A count of faults, as {@link #figure(String, double)}: every run must have none. */
  public Report none(String key, long count) {
    return figure(key, count).bound(count == 0, "%s: %d (expected: 0)", key, count);
  }

  /**
   * A figure with its largest accepted value, as {@link #speedBound}. One that is not a number is
   * missed.
   */
  public Report atMost(String key, double value, double bound) {
    return figure(key, value)
        .speedBound(value <= bound, "%s: %s (expected: <= %s)", key, number(value), number(bound));
  }

  /** A count with its largest accepted value, as {@link #speedBound}. */
  public Report atMost(String key, long count, long bound) {
    return figure(key, count)
        .speedBound(count <= bound, "%s: %d (expected: <= %d)", key, count, bound);
  }

  /**
   * A figure with its least accepted value, as {@link #speedBound}. One that is not a number is
   * missed.
   */
  public Report atLeast(String key, double value, double bound) {
    return figure(key, value)
        .speedBound(value >= bound, "%s: %s (expected: >= %s)", key, number(value), number(bound));
  }

  /** A count out of a whole, as {@code 5/5}. */
  public Report figure(String key, int part, int whole) {
    return figure(key, part + "/" + whole);
  }

  /** A bound on speed: it counts in a real run. */
  public Report speedBound(boolean kept, String format, Object... args) {
    if (!kept) {
      (smoke ? missedInSmoke : missed).add(String.format(Locale.ROOT, format, args));
    }
    return this;
  }

  /** A bound that every run must keep, a smoke test too. */
  public Report bound(boolean kept, String format, Object... args) {
    if (!kept) {
      missed.add(String.format(Locale.ROOT, format, args));
    }
    return this;
  }

  /**
   * Prints what was missed and the RESULT line.
   *
   * @return the exit code: 0 within the bounds, 1 when one was missed
   */
  int finish() {
    if (figures.isEmpty()) {
      throw new IllegalStateException("a run without a figure");
    }
    missedInSmoke.forEach(bound -> out.println("missed, but not counted in a smoke run: " + bound));
    missed.forEach(bound -> out.println("MISSED: " + bound));
    StringBuilder line = new StringBuilder("RESULT");
    figures.forEach((key, value) -> line.append(' ').append(key).append('=').append(value));
    if (smoke) {
      line.append(" smoke=1");
    }
    out.println(line);
    out.flush();
    return missed.isEmpty() ? 0 : 1;
  }

  private Report figure(String key, String text) {
    if (figures.put(key, text) != null) {
      throw new IllegalStateException("figure " + key + " given twice");
    }
    return this;
  }

  /** At most three decimals, none that say nothing. */
  static String number(double value) {
    if (!Double.isFinite(value)) {
      return "nan";
    }
    BigDecimal rounded =
        BigDecimal.valueOf(value).setScale(DECIMALS, RoundingMode.HALF_UP).stripTrailingZeros();
    return rounded.scale() < 0 ? rounded.setScale(0).toPlainString() : rounded.toPlainString();
  }
}
