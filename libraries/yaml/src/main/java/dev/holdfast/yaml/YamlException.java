package dev.holdfast.yaml;

import java.util.List;

/** A YAML text that makes no sense. Its message has one line for each problem. */
public final class YamlException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  YamlException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  static YamlException at(String source, int line, String problem) {
    return new YamlException(List.of(source + ":" + line + ": " + problem));
  }

  /** Each as {@code file:line: key: value (expected: ..)}. */
  public List<String> problems() {
    return problems;
  }
}
