package dev.holdfast.control.resources;

import dev.holdfast.core.ServiceName;
import dev.holdfast.yaml.YamlException;
import dev.holdfast.yaml.YamlMap;
import dev.holdfast.yaml.YamlProblems;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The YAML parser of policies. Pure: a text becomes a {@link Policy}, or an exception with all its
 * problems.
 */
final class PolicyYaml {
  private PolicyYaml() {}

  /**
   * Parses the text of a policy.
   *
   * @param source the name of the text in errors, such as its file name
   * @throws PolicyException with every problem as {@code source:line: key: value (expected: ..)}
   */
  public static Policy parse(String source, String text) {
    try {
      return read(new YamlProblems(source), text);
    } catch (YamlException e) {
      throw new PolicyException(e.problems());
    }
  }

  private static Policy read(YamlProblems problems, String text) {
    YamlMap top = YamlMap.read(problems, text, "a map with services");
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
}
