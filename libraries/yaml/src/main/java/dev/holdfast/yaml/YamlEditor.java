package dev.holdfast.yaml;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.nodes.CollectionNode;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Editor of a YAML text that sets single entries and leaves the rest unchanged: comments, order,
 * blank lines. Callers must parse the result and compare. For unsupported syntax, such as anchors,
 * the comparison fails and no data is lost.
 */
public final class YamlEditor {
  private static final int INDENT = 2;

  private final String source;
  private final String text;

  /** A text with its name in errors. */
  public YamlEditor(String source, String text) {
    this.source = source;
    this.text = text;
  }

  /** The text with all edits so far. */
  public String text() {
    return text;
  }

  /** A copy with a map at a path; missing maps on the way are added. */
  public YamlEditor withMap(List<String> path) {
    YamlEditor result = this;
    for (int i = 0; i < path.size(); i++) {
      List<String> above = path.subList(0, i);
      if (result.find(path.subList(0, i + 1)).isEmpty()) {
        result = result.inserted(above, path.get(i), "");
      }
    }
    return result;
  }

  /** A copy with a value under a key of the map at a path, which must exist. */
  public YamlEditor with(List<String> path, String key, String value) {
    Optional<NodeTuple> there = entry(find(path).orElse(null), key);
    if (there.isPresent()) {
      Node old = there.get().getValueNode();
      if (old instanceof CollectionNode<?>) {
        return replaced(end(there.get().getKeyNode()), lastEnd(old), ": " + value);
      }
      boolean nothing = isNothing(old) && begin(old) == end(old);
      return replaced(begin(old), end(old), nothing ? " " + value : value);
    }
    return inserted(path, key, value);
  }

  /** A copy with a key in the map at a path; an empty value writes only the key. */
  private YamlEditor inserted(List<String> path, String key, String value) {
    Node map = path.isEmpty() ? root() : find(path).orElse(null);
    if (map == null) {
      String gap = text.isEmpty() || text.endsWith("\n") ? "" : newline();
      return new YamlEditor(source, text + gap + line(key, value) + newline());
    }
    if (map instanceof MappingNode mapping
        && mapping.getFlowStyle() == DumperOptions.FlowStyle.FLOW) {
      return insertedInFlow(mapping, key, value);
    }
    if (map instanceof MappingNode mapping && !mapping.getValue().isEmpty()) {
      int column = mapping.getValue().get(0).getKeyNode().getStartMark().getColumn();
      return insertedLine(lastEnd(mapping), column, line(key, value));
    }
    // A key with nothing behind it: its own line, or the braces around it, say how to go on.
    NodeTuple own = ownEntry(path);
    if (isInFlow(path)) {
      return replaced(begin(map), end(map), " {" + flow(key, value) + "}");
    }
    int column = own.getKeyNode().getStartMark().getColumn() + INDENT;
    return insertedLine(end(own.getValueNode()), column, line(key, value));
  }

  private YamlEditor insertedInFlow(MappingNode mapping, String key, String value) {
    if (mapping.getValue().isEmpty()) {
      return replaced(begin(mapping) + 1, begin(mapping) + 1, flow(key, value));
    }
    int end = lastEnd(mapping.getValue().get(mapping.getValue().size() - 1).getValueNode());
    return replaced(end, end, ", " + flow(key, value));
  }

  private YamlEditor insertedLine(int after, int column, String line) {
    int end = text.indexOf('\n', after);
    if (end < 0) {
      end = text.length();
    } else if (end > 0 && text.charAt(end - 1) == '\r') {
      end--;
    }
    return replaced(end, end, newline() + " ".repeat(column) + line);
  }

  private YamlEditor replaced(int from, int to, String by) {
    return new YamlEditor(source, text.substring(0, from) + by + text.substring(to));
  }

  private static String line(String key, String value) {
    return value.isEmpty() ? quoted(key) + ":" : quoted(key) + ": " + value;
  }

  private static String flow(String key, String value) {
    return quoted(key) + ": " + (value.isEmpty() ? "{}" : value);
  }

  /** A key or value, quoted where YAML might read it as another type. */
  public static String quoted(String word) {
    return word.matches("[A-Za-z_][A-Za-z0-9_-]*")
            && !word.matches("(?i)y|n|yes|no|on|off|true|false|null")
        ? word
        : "\"" + word.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private @Nullable Node root() {
    return YamlMap.compose(source, text);
  }

  private Optional<Node> find(List<String> path) {
    Node node = root();
    for (String key : path) {
      Optional<NodeTuple> entry = entry(node, key);
      if (entry.isEmpty()) {
        return Optional.empty();
      }
      node = entry.get().getValueNode();
    }
    return Optional.ofNullable(node);
  }

  private NodeTuple ownEntry(List<String> path) {
    return find(path.subList(0, path.size() - 1))
        .flatMap(above -> entry(above, path.get(path.size() - 1)))
        .orElseThrow(() -> new IllegalStateException(path + ": not there"));
  }

  private boolean isInFlow(List<String> path) {
    return find(path.subList(0, path.size() - 1))
        .filter(above -> above instanceof CollectionNode<?>)
        .map(above -> ((CollectionNode<?>) above).getFlowStyle() == DumperOptions.FlowStyle.FLOW)
        .orElse(false);
  }

  private static Optional<NodeTuple> entry(@Nullable Node map, String key) {
    if (!(map instanceof MappingNode mapping)) {
      return Optional.empty();
    }
    return mapping.getValue().stream()
        .filter(e -> e.getKeyNode() instanceof ScalarNode name && name.getValue().equals(key))
        .findFirst();
  }

  /** The end of a node's last character that is neither comment nor white space. */
  private int lastEnd(Node node) {
    if (node instanceof CollectionNode<?> collection
        && collection.getFlowStyle() != DumperOptions.FlowStyle.FLOW
        && !collection.getValue().isEmpty()) {
      Object last = collection.getValue().get(collection.getValue().size() - 1);
      return lastEnd(last instanceof NodeTuple entry ? entry.getValueNode() : (Node) last);
    }
    int end = end(node);
    while (end > begin(node) && Character.isWhitespace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }

  private int begin(Node node) {
    return index(node.getStartMark().getIndex());
  }

  private int end(Node node) {
    return index(node.getEndMark().getIndex());
  }

  /** The string index of a mark; YAML marks count code points. */
  private int index(int codePoints) {
    return text.offsetByCodePoints(0, codePoints);
  }

  private String newline() {
    return text.contains("\r\n") ? "\r\n" : "\n";
  }

  private static boolean isNothing(Node node) {
    return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
  }
}
