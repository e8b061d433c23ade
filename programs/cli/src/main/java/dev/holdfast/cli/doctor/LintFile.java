package dev.holdfast.cli.doctor;

import dev.holdfast.cli.UserError;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.NearestName;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/**
 * The lint settings of a YAML file: a flat map whose keys are the options' names without their
 * dashes. Only the node graph is read, so that a file can't make the program construct Java
 * objects.
 *
 * @param source the file, for errors
 * @param values by name
 */
record LintFile(String source, Map<String, String> values) {
  @Limit(of = "characters of a file for lint", then = "a longer one is refused")
  private static final int MAX_FILE_CHARS = 1_000_000;

  private static final int TYPING_ERRORS = 3;

  static final LintFile NONE = new LintFile("", Map.of());

  static LintFile read(Path file) {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_FILE_CHARS);
    try (Reader reader = Files.newBufferedReader(file)) {
      Node root = new Yaml(options).compose(reader);
      return root == null ? NONE : new LintFile(file.toString(), values(file, root));
    } catch (IOException e) {
      throw UserError.usage(
          "file: " + file + ": " + IoErrorText.of(e) + " (expected: a YAML file)");
    } catch (YAMLException e) {
      // Its reader wraps what the file system says.
      String why =
          e.getCause() instanceof IOException failure
              ? IoErrorText.of(failure)
              : String.valueOf(e.getMessage());
      throw UserError.usage("file: " + file + ": " + why + " (expected: a YAML file)");
    }
  }

  /**
   * Refuses a name that nobody knows.
   *
   * @throws UserError with the nearest name there is
   */
  void requireKnown(Set<String> names) {
    for (String name : values.keySet()) {
      if (!names.contains(name)) {
        String nearest = NearestName.of(name, names, TYPING_ERRORS);
        throw UserError.usage(
            source
                + ": \""
                + name
                + "\" is unknown (expected: "
                + (nearest.isEmpty() ? "one of " + String.join(", ", names) : nearest)
                + ")");
      }
    }
  }

  private static Map<String, String> values(Path file, Node root) {
    if (!(root instanceof MappingNode map)) {
      throw UserError.usage(file + ": not a map (expected: lines such as server-permit: 1m)");
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (NodeTuple entry : map.getValue()) {
      if (!(entry.getKeyNode() instanceof ScalarNode key)
          || !(entry.getValueNode() instanceof ScalarNode value)) {
        int line = entry.getKeyNode().getStartMark().getLine() + 1;
        throw UserError.usage(file + ":" + line + ": not one value (expected: name: value)");
      }
      if (values.put(key.getValue(), value.getValue()) != null) {
        throw UserError.usage(file + ": " + key.getValue() + ": twice (expected: once)");
      }
    }
    return values;
  }
}
