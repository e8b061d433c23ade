package dev.holdfast.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Lets the options that all commands share stand before the command too: {@code holdfast --json ls}
 * is {@code holdfast ls --json}.
 */
final class LeadingOptions {
  private static final Set<String> WITH_VALUE = Set.of("--registry", "--config");
  private static final Set<String> WITHOUT_VALUE = Set.of("--json", "--debug", "-v", "--verbose");
  // Commands that hold others; control, demo and lab also do something by themselves.
  private static final Set<String> GROUPS = Set.of("control", "demo", "etcd", "lab");

  private LeadingOptions() {}

  /** The same command line with leading options moved behind the command. */
  static String[] moved(String... args) {
    int end = 0;
    while (end < args.length && width(args[end]) > 0) {
      end += width(args[end]);
    }
    if (end == 0 || end >= args.length || args[end].startsWith("-")) {
      return args;
    }
    List<String> words = Arrays.asList(args);
    boolean deeper =
        GROUPS.contains(args[end]) && end + 1 < args.length && !args[end + 1].startsWith("-");
    int command = deeper ? end + 2 : end + 1;
    List<String> moved = new ArrayList<>(words.subList(end, command));
    moved.addAll(words.subList(0, end));
    moved.addAll(words.subList(command, args.length));
    return moved.toArray(String[]::new);
  }

  /** How many words the option takes; 0 when it is none that all commands share. */
  private static int width(String word) {
    if (WITH_VALUE.contains(word)) {
      return 2;
    }
    boolean single =
        WITHOUT_VALUE.contains(word)
            || WITH_VALUE.stream().anyMatch(option -> word.startsWith(option + "="));
    return single ? 1 : 0;
  }
}
