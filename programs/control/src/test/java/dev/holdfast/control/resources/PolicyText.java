package dev.holdfast.control.resources;

/** Policies of tests outside this package, from the text of a policy file. */
public final class PolicyText {
  private PolicyText() {}

  public static Policy parse(String yaml) {
    return PolicyYaml.parse("policy.yaml", yaml);
  }
}
