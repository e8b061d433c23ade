package dev.holdfast.cli.kubernetes.manifest;

/**
 * The condition under which a part of a manifest is there.
 *
 * @param holds whether it is there in plain YAML
 * @param template the same as a Helm expression, which is true or false for each user of the chart;
 *     empty where the part is always in the template
 */
public record Condition(boolean holds, String template) {
  /** The condition of what is always there. */
  public static final Condition ALWAYS = new Condition(true, "");

  /** The condition of what plain YAML has only sometimes, and a chart always. */
  public static Condition inPlain(boolean holds) {
    return new Condition(holds, "");
  }
}
