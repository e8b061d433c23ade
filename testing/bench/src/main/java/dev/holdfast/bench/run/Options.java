package dev.holdfast.bench.run;

import dev.holdfast.lab.process.ChildJvm;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** The parsed command-line options of a benchmark. */
public final class Options {
  private static final String QUICK = "--quick";

  private final boolean quick;
  private final Map<Option, Integer> values;

  private Options(boolean quick, Map<Option, Integer> values) {
    this.quick = quick;
    this.values = values;
  }

  /**
   * Parses {@code [--quick] [--name value]..}.
   *
   * @throws IllegalArgumentException saying what was given and what was expected
   */
  public static Options parse(List<Option> known, List<String> args) {
    boolean quick = args.contains(QUICK);
    Map<Option, Integer> values = new HashMap<>();
    known.forEach(o -> values.put(o, quick ? o.quickValue() : o.defaultValue()));
    for (Iterator<String> rest = args.iterator(); rest.hasNext(); ) {
      String arg = rest.next();
      if (arg.equals(QUICK)) {
        continue;
      }
      Option option = find(known, arg);
      if (!rest.hasNext()) {
        throw new IllegalArgumentException(arg + ": no value (expected: a number behind it)");
      }
      values.put(option, number(option, rest.next()));
    }
    return new Options(quick, values);
  }

  /** Whether this run is a smoke test, whose figures mean nothing. */
  public boolean quick() {
    return quick;
  }

  /**
   * The command line, of the plain one, of peers that have machines of their own elsewhere: they
   * yield the CPU to all others, but not in a smoke test, beside which others run that want it all.
   */
  public UnaryOperator<List<String>> commandOfPeers() {
    return quick ? UnaryOperator.identity() : ChildJvm::underSchedIdle;
  }

  public int get(Option option) {
    Integer value = values.get(option);
    if (value == null) {
      throw new IllegalArgumentException(option.name() + ": not an option of this benchmark");
    }
    return value;
  }

  private static Option find(List<Option> known, String name) {
    return known.stream()
        .filter(o -> o.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    name
                        + " (expected: --help, "
                        + QUICK
                        + known.stream().map(o -> ", " + o.name()).collect(Collectors.joining())
                        + ")"));
  }

  private static int number(Option option, String text) {
    int value;
    try {
      value = Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          option.name() + ": " + text + " (expected: " + option.min() + " to " + option.max() + ")",
          e);
    }
    Option.requireWithin(option.name(), value, option.min(), option.max());
    return value;
  }
}
