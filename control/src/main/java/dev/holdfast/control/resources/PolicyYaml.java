package dev.holdfast.control.resources;

import dev.holdfast.core.Limit;
import dev.holdfast.core.ServiceName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;

/** Reads a policy from YAML. Pure: text in, a {@link Policy} or all that is wrong with it out. */
public final class PolicyYaml {
  /** Characters that a policy may have. */
  @Limit(of = "characters of a policy", then = "it is refused")
  public static final int MAX_CHARS = 1_000_000;

  private PolicyYaml() {}

  /**
   * Reads a policy.
   *
   * @param source what the text is called in errors, such as the name of its file
   * @throws PolicyException with every problem as {@code source:line: key: value (expected: ..)}
   */
  public static Policy parse(String source, String text) {
    YamlProblems problems = new YamlProblems(source);
    Node root = compose(source, text);
    if (root == null) {
      return Policy.NONE;
    }
    YamlMap top = YamlMap.of(problems, "", root, "a map with services");
    top.requireKnown(Set.of("services"));
    YamlMap services = top.map("services", "names of services, each with its policy");
    Map<String, ServicePolicy> policies = new LinkedHashMap<>();
    if (services.keys().size() > PolicyKeys.MAX_SERVICES) {
      top.problem(
          "services", services.keys().size() + " services", "at most " + PolicyKeys.MAX_SERVICES);
    }
    for (String name : services.keys()) {
      if (isService(name)) {
        policies.put(
            name, new ServiceYaml(services.map(name, "keys such as split and routes")).read());
      } else {
        services.problem(
            name, "no name", "name or name:port, 1 to 253 characters of A-Z a-z 0-9 . _ - each");
      }
    }
    problems.throwIfAny();
    return new Policy(policies);
  }

  private static boolean isService(String name) {
    try {
      return ServiceName.parse(name).namespace().isEmpty();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * The node graph of a text; null for one without any.
   *
   * @throws PolicyException when it is not YAML
   */
  static @Nullable Node compose(String source, String text) {
    if (text.length() > MAX_CHARS) {
      throw new PolicyException(
          List.of(
              source
                  + ":1: "
                  + text.length()
                  + " characters (expected: at most "
                  + MAX_CHARS
                  + ")"));
    }
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_CHARS);
    try {
      return new Yaml(options).compose(new java.io.StringReader(text));
    } catch (MarkedYAMLException e) {
      int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
      throw new PolicyException(
          List.of(source + ":" + line + ": " + e.getProblem() + " (expected: YAML)"));
    } catch (YAMLException e) {
      throw new PolicyException(List.of(source + ":1: " + e.getMessage() + " (expected: YAML)"));
    }
  }
}
