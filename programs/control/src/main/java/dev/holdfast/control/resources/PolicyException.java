package dev.holdfast.control.resources;

import java.util.List;

/** A policy that makes no sense. Its message has one line for each problem. */
public final class PolicyException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  PolicyException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** Each as {@code file:line: key: value (expected: ..)}. */
  public List<String> problems() {
    return problems;
  }
}
