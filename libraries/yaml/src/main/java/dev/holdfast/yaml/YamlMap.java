package dev.holdfast.yaml;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.NearestName;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.core.annotation.Limit;
import java.io.StringReader;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A map in a YAML file that reports every problem with its line. A wrong value reads as absent.
 *
 * <p>Only the node graph is parsed, never Java objects, so a file can't construct any object.
 */
public final class YamlMap {
  /** The maximum length of a text in characters. */
  @Limit(of = "characters of a YAML file", then = "it is refused")
  public static final int MAX_CHARS = 1_000_000;

  private static final int EDITS_PER_LETTERS = 3;

  private final YamlProblems problems;
  private final String path;
  private final int line;
  private final boolean isList;
  private final Map<String, Node> values = new LinkedHashMap<>();
  private final Map<String, Integer> lines = new LinkedHashMap<>();

  private YamlMap(YamlProblems problems, String path, Node node, boolean isList) {
    this.problems = problems;
    this.path = path;
    this.line = line(node);
    this.isList = isList;
  }

  /**
   * The top-level map of a text; empty for an empty text.
   *
   * @param expected the expected content for the problem's text, when the top level is not a map
   * @throws YamlException when the text is not YAML, or longer than {@link #MAX_CHARS}
   */
  public static YamlMap read(YamlProblems problems, String text, String expected) {
    Node root = compose(problems.source(), text);
    return of(problems, "", root == null ? nothing() : root, expected);
  }

  /** The map of a node; an empty node is an empty map. */
  static YamlMap of(YamlProblems problems, String path, Node node, String expected) {
    YamlMap map = new YamlMap(problems, path, node, false);
    if (isNothing(node)) {
      return map;
    }
    if (!(node instanceof MappingNode mapping)) {
      problems.add(map.line, path, shown(node), expected);
      return map;
    }
    for (NodeTuple entry : mapping.getValue()) {
      Node key = entry.getKeyNode();
      if (!(key instanceof ScalarNode name)) {
        problems.add(line(key), path, "a key that is no text", expected);
      } else if (map.values.put(name.getValue(), entry.getValueNode()) != null) {
        problems.add(line(key), map.child(name.getValue()), "twice", "once");
      } else {
        map.lines.put(name.getValue(), line(key));
      }
    }
    return map;
  }

  /** Reports every key that is not known, with the nearest known key. */
  public void requireKnown(Set<String> known) {
    for (String key : keys()) {
      if (!known.contains(key)) {
        String nearest = NearestName.of(key, known, Math.max(1, key.length() / EDITS_PER_LETTERS));
        problems.add(
            lineOf(key),
            child(key),
            "unknown",
            nearest.isEmpty()
                ? "one of " + String.join(", ", known.stream().sorted().toList())
                : nearest);
      }
    }
  }

  /** The keys in the order of the text; those of a list are numbers. */
  public Set<String> keys() {
    return values.keySet();
  }

  /** Whether the key is present, with any value. */
  public boolean has(String key) {
    return values.containsKey(key);
  }

  /** The line of a key; that of the map when the key is absent. */
  public int lineOf(String key) {
    return lines.getOrDefault(key, line);
  }

  /** The full path of a key. */
  public String child(String key) {
    if (isList) {
      return path + "[" + key + "]";
    }
    return path.isEmpty() ? key : path + "." + key;
  }

  /** Reports a wrong value of a key. */
  public void problem(String key, String value, String expected) {
    problems.add(lineOf(key), child(key), value, expected);
  }

  /** Reports a problem with a key, in a text that says what was expected. */
  public void problem(String key, String words) {
    problems.add(lineOf(key), child(key) + ": " + words);
  }

  /** The number of problems in the whole file so far. */
  public int problemCount() {
    return problems.count();
  }

  /** Whether a problem was reported for a key. */
  public boolean hasProblem(String key) {
    return problems.hasProblem(child(key));
  }

  /** Whether the value of a key is a scalar. */
  public boolean isText(String key) {
    return values.get(key) instanceof ScalarNode;
  }

  /** The scalar of a key; empty when absent. A map, a list or an empty value is reported. */
  public Optional<String> text(String key, String expected) {
    Node node = values.get(key);
    if (node == null) {
      return Optional.empty();
    }
    if (node instanceof ScalarNode scalar && !isNothing(node)) {
      return Optional.of(scalar.getValue());
    }
    problem(key, shown(node), expected);
    return Optional.empty();
  }

  /**
   * The parsed scalar of a key; empty when absent. An IllegalArgumentException of the parser is
   * reported.
   *
   * @param parser takes the path of the key and the text
   */
  public <T> Optional<T> parsed(String key, String expected, BiFunction<String, String, T> parser) {
    Optional<String> text = text(key, expected);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(parser.apply(child(key), text.get()));
    } catch (IllegalArgumentException e) {
      problems.add(lineOf(key), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  /**
   * The duration of a key, such as {@code 250ms}; empty when absent. A value out of bounds is
   * reported.
   */
  public Optional<Duration> duration(String key, TunableDuration bounds) {
    return parsed(
        key,
        bounds.expected(),
        (name, text) -> DurationText.parse(name, text, bounds.min(), bounds.max()));
  }

  /** The integer of a key; empty when absent. A value out of bounds is reported. */
  public OptionalInt number(String key, TunableNumber bounds) {
    Optional<String> text = text(key, bounds.expected());
    if (text.isEmpty()) {
      return OptionalInt.empty();
    }
    try {
      int value = Integer.parseInt(text.get());
      if (value >= bounds.min() && value <= bounds.max()) {
        return OptionalInt.of(value);
      }
    } catch (NumberFormatException e) {
      // Said below, as for a number out of bounds.
    }
    problem(key, text.get(), bounds.expected());
    return OptionalInt.empty();
  }

  /** The map at a key; an empty one when absent. */
  public YamlMap map(String key, String expected) {
    Node node = values.get(key);
    if (node == null) {
      return new YamlMap(problems, child(key), nothing(), false);
    }
    return of(problems, child(key), node, expected);
  }

  /** The list at a key, as a map with the keys 0, 1 and so on; empty when absent. */
  public YamlMap list(String key, String expected) {
    Node node = values.get(key);
    YamlMap items = new YamlMap(problems, child(key), node == null ? nothing() : node, true);
    if (node == null || isNothing(node)) {
      return items;
    }
    if (!(node instanceof SequenceNode sequence)) {
      problem(key, shown(node), expected);
      return items;
    }
    int number = 0;
    for (Node item : sequence.getValue()) {
      items.values.put(Integer.toString(number), item);
      items.lines.put(Integer.toString(number), line(item));
      number++;
    }
    return items;
  }

  /**
   * The node graph of a text; null for an empty text.
   *
   * @throws YamlException when the text is not YAML, or is too long
   */
  static @Nullable Node compose(String source, String text) {
    if (text.length() > MAX_CHARS) {
      throw YamlException.at(
          source, 1, text.length() + " characters (expected: at most " + MAX_CHARS + ")");
    }
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_CHARS);
    try {
      return new Yaml(options).compose(new StringReader(text));
    } catch (MarkedYAMLException e) {
      int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
      boolean layout = e.getProblem() != null && e.getProblem().contains("<block");
      throw YamlException.at(
          source,
          line,
          e.getProblem()
              + " (expected: YAML"
              + (layout ? "; is this line indented as those beside it?" : "")
              + ")");
    } catch (YAMLException e) {
      throw YamlException.at(source, 1, e.getMessage() + " (expected: YAML)");
    }
  }

  private static Node nothing() {
    return new MappingNode(Tag.MAP, List.of(), org.yaml.snakeyaml.DumperOptions.FlowStyle.AUTO);
  }

  private static int line(Node node) {
    return node.getStartMark() == null ? 1 : node.getStartMark().getLine() + 1;
  }

  private static boolean isNothing(Node node) {
    return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
  }

  private static String shown(Node node) {
    if (node instanceof ScalarNode scalar) {
      return isNothing(node) ? "nothing" : scalar.getValue();
    }
    return node instanceof MappingNode ? "a map" : "a list";
  }
}
