package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.JsonLine;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The YAML documents of a set of manifests. Values from users pass one of the checks here first, so
 * that nothing needs quoting.
 */
final class ManifestText {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern IMAGE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");

  private final List<String> documents = new ArrayList<>();

  /** Adds a document, or several that belong together. */
  ManifestText with(String... yaml) {
    documents.addAll(List.of(yaml));
    return this;
  }

  /** Prints YAML, or the same as one JSON object of kind List, which kubectl takes too. */
  void print(CommonOptions common) {
    if (!common.json()) {
      common.commandContext().out().print(String.join("---\n", documents));
      common.commandContext().out().flush();
      return;
    }
    Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
    List<Object> items = new ArrayList<>();
    documents.forEach(document -> items.add(yaml.load(document)));
    common
        .commandContext()
        .out()
        .println(
            JsonLine.object().with("apiVersion", "v1").with("kind", "List").with("items", items));
  }

  /** The manifest of a ServiceAccount as YAML. */
  static String serviceAccount(String name, String namespace) {
    return """
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: %s
      namespace: %s
    """
        .formatted(name, namespace);
  }

  /**
   * Checks the name of an object. The pattern of a label fits every kind of name.
   *
   * @return the same text
   * @throws UserError when the text is no valid name
   */
  static String label(String part, String text) {
    return require(part, text, LABEL, "1 to 63 characters of a-z 0-9 -, no - at either end");
  }

  /**
   * Checks the name of a container image.
   *
   * @return the same text
   * @throws UserError when the text is no valid image name
   */
  static String image(String text) {
    return require("image", text, IMAGE, "such as registry.example/shop:1.0");
  }

  /**
   * Checks the name of an environment variable.
   *
   * @return the same text
   * @throws UserError when the text is no valid variable name
   */
  static String variable(String part, String text) {
    return require(part, text, VARIABLE, "A-Z a-z 0-9 _, no digit first");
  }

  /**
   * Checks a number of replicas.
   *
   * @return the same number
   * @throws UserError when the number is less than 1
   */
  static int replicas(int count) {
    if (count < 1) {
      throw UserError.usage("replicas: " + count + " (expected: >= 1)");
    }
    return count;
  }

  private static String require(String part, String text, Pattern form, String expected) {
    if (!form.matcher(text).matches()) {
      throw UserError.usage(part + ": \"" + text + "\" (expected: " + expected + ")");
    }
    return text;
  }
}
