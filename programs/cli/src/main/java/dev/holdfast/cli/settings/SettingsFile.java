package dev.holdfast.cli.settings;

import dev.holdfast.cli.UserError;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/**
 * The reader of the YAML configuration file: a flat map from setting to value.
 *
 * <p>Only the node graph is read, never Java objects, so each error has its line and a file can't
 * make the program construct anything. A file may have at most a million characters.
 */
final class SettingsFile {
  @Limit(of = "characters of the YAML file", then = "a longer one is refused")
  private static final int MAX_FILE_CHARS = 1_000_000;

  private SettingsFile() {}

  static Map<Setting, Settings.Value> read(Path file) {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_FILE_CHARS);
    try (Reader reader = Files.newBufferedReader(file)) {
      Node root = new Yaml(options).compose(reader);
      return root == null ? Map.of() : values(file, root);
    } catch (MarkedYAMLException e) {
      int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
      throw UserError.usage(file + ":" + line + ": " + e.getProblem() + " (expected: YAML)");
    } catch (IOException e) {
      throw UserError.usage(
          "config: " + file + ": " + IoErrorText.of(e) + " (expected: a YAML file)");
    } catch (YAMLException e) {
      // Its reader wraps what the file system says.
      String why =
          e.getCause() instanceof IOException failure
              ? IoErrorText.of(failure)
              : String.valueOf(e.getMessage());
      throw UserError.usage("config: " + file + ": " + why + " (expected: a YAML file)");
    }
  }

  private static Map<Setting, Settings.Value> values(Path file, Node root) {
    if (!(root instanceof MappingNode map)) {
      throw UserError.usage(at(file, root) + "not a map (expected: lines such as registry: URI)");
    }
    Map<Setting, Settings.Value> values = new EnumMap<>(Setting.class);
    for (NodeTuple entry : map.getValue()) {
      if (!(entry.getKeyNode() instanceof ScalarNode key)) {
        throw UserError.usage(at(file, entry.getKeyNode()) + "not a name (expected: a setting)");
      }
      Setting setting = setting(file, key);
      if (!(entry.getValueNode() instanceof ScalarNode value)) {
        throw UserError.usage(
            at(file, entry.getValueNode())
                + setting.key()
                + ": not one value (expected: "
                + setting.expected()
                + ")");
      }
      String source = file + ":" + (key.getStartMark().getLine() + 1);
      if (values.put(setting, new Settings.Value(value.getValue(), source)) != null) {
        throw UserError.usage(at(file, key) + setting.key() + ": twice (expected: once)");
      }
    }
    return values;
  }

  private static Setting setting(Path file, ScalarNode key) {
    String name = key.getValue();
    return Setting.ofKey(name)
        .orElseThrow(
            () ->
                UserError.usage(
                    at(file, key) + name + ": unknown" + Settings.hint(name, Setting.keys())));
  }

  private static String at(Path file, Node node) {
    return file + ":" + (node.getStartMark().getLine() + 1) + ": ";
  }
}
