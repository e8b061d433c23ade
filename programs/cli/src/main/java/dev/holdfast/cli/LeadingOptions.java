package dev.holdfast.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The rewrite that allows common options before the command: {@code holdfast --json ls} becomes
 * {@code holdfast ls --json}.
 */
final class LeadingOptions {
  /** The command whose {@code --config} is a file of its own; one before it has been read. */
  private static final String WITH_OWN_CONFIG = "gateway";

  private static final Set<String> WITH_VALUE = Set.of("--registry", "--config");
  private static final Set<String> WITHOUT_VALUE = Set.of("--json", "--debug", "-v", "--verbose");
  // Commands that hold others; control, demo, gateway and lab also do something by themselves.
  private static final Set<String> GROUPS = Set.of("control", "demo", "etcd", "gateway", "lab");

  private LeadingOptions() {}

  /** Moves leading options behind the command. */
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
    List<String> leading = words.subList(0, end);
    moved.addAll(args[end].equals(WITH_OWN_CONFIG) ? withoutConfig(leading) : leading);
    moved.addAll(words.subList(command, args.length));
    return moved.toArray(String[]::new);
  }

  /** The words in which {@code --config} is the one that all commands share. */
  static List<String> withSharedConfig(List<String> words) {
    int end = 0;
    while (end < words.size() && width(words.get(end)) > 0) {
      end += width(words.get(end));
    }
    return end < words.size() && words.get(end).equals(WITH_OWN_CONFIG)
        ? words.subList(0, end)
        : words;
  }

  private static List<String> withoutConfig(List<String> leading) {
    List<String> kept = new ArrayList<>();
    for (int i = 0; i < leading.size(); i += width(leading.get(i))) {
      if (!leading.get(i).startsWith("--config")) {
        kept.addAll(leading.subList(i, i + width(leading.get(i))));
      }
    }
    return kept;
  }

  /** The number of words that a common option takes; 0 for anything else. */
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
