package dev.holdfast.control.resources;

import dev.holdfast.yaml.YamlEditor;
import dev.holdfast.yaml.YamlException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An editor of one service's traffic split in the text of a policy. Pure: text in, text out.
 *
 * <p>Shares that are not named keep their value while there is room. Where the old split left
 * nothing to the rest, they grow and shrink in proportion so that the new one leaves nothing
 * either.
 */
public final class SplitEdit {
  private static final String SERVICES = "services";

  private final String source;
  private final String text;
  private final String service;

  /**
   * An edit of one service in a policy.
   *
   * @param source what the text is called in errors
   */
  public SplitEdit(String source, String text, String service) {
    this.source = source;
    this.text = text;
    this.service = service;
  }

  /**
   * The result of an edit.
   *
   * @param text the new policy; everything that is not about this split is unchanged
   * @param before the split before the edit
   * @param after the split after the edit
   * @param addedSubsets subsets that were new to the policy, by name, each with the value of its
   *     metadata
   */
  public record EditedPolicy(
      String text, TrafficSplit before, TrafficSplit after, List<String> addedSubsets) {}

  /**
   * Sets the shares of some subsets.
   *
   * @param given by subset; at most 100% in all
   * @param key the metadata key that defines a subset new to the policy: with {@code version}, the
   *     subset {@code v2} is that of the instances with {@code version=v2}
   * @throws PolicyException when the text is not a policy, or its notation can't be edited
   * @throws IllegalArgumentException when the shares are more than 100%
   */
  public EditedPolicy with(Map<String, Percent> given, String key) {
    try {
      return divided(given, key);
    } catch (YamlException e) {
      throw new PolicyException(e.problems());
    }
  }

  private EditedPolicy divided(Map<String, Percent> given, String key) {
    Policy policy = PolicyYaml.parse(source, text);
    TrafficPolicy old = policy.of(service).traffic();
    TrafficSplit after = divided(old.split(), given);
    Map<String, Map<String, String>> subsets = new LinkedHashMap<>(old.subsets());
    YamlEditor edited = new YamlEditor(source, text).withMap(List.of(SERVICES, service));
    List<String> added = given.keySet().stream().filter(s -> !subsets.containsKey(s)).toList();
    for (String name : added) {
      List<String> path = List.of(SERVICES, service, "subsets");
      String metadata = "{" + YamlEditor.quoted(key) + ": " + YamlEditor.quoted(name) + "}";
      edited = edited.withMap(path).with(path, name, metadata);
      subsets.put(name, Map.of(key, name));
    }
    List<String> path = List.of(SERVICES, service, "split");
    edited = edited.withMap(path);
    for (Map.Entry<String, Percent> share : after.shares().entrySet()) {
      if (!share.getValue().equals(old.split().shares().get(share.getKey()))) {
        edited = edited.with(path, share.getKey(), share.getValue().toString());
      }
    }
    return checked(policy, new TrafficPolicy(subsets, after, old.routes()), edited.text(), added);
  }

  /** Lets calls go to all instances again, whatever was split before. */
  public EditedPolicy cleared() {
    Policy policy = PolicyYaml.parse(source, text);
    TrafficPolicy old = policy.of(service).traffic();
    if (old.split().isNone()) {
      return new EditedPolicy(text, TrafficSplit.NONE, TrafficSplit.NONE, List.of());
    }
    String edited =
        new YamlEditor(source, text).with(List.of(SERVICES, service), "split", "{}").text();
    return checked(
        policy,
        new TrafficPolicy(old.subsets(), TrafficSplit.NONE, old.routes()),
        edited,
        List.of());
  }

  private EditedPolicy checked(
      Policy policy, TrafficPolicy wanted, String edited, List<String> added) {
    ServicePolicy old = policy.of(service);
    Map<String, ServicePolicy> services = new LinkedHashMap<>(policy.services());
    services.put(
        service,
        new ServicePolicy(
            wanted, old.balancer(), old.retry(), old.outliers(), old.timeout(), old.maxCalls()));
    boolean done;
    try {
      done = PolicyYaml.parse(source, edited).equals(new Policy(services));
    } catch (PolicyException e) {
      done = false;
    }
    if (!done) {
      throw new PolicyException(
          List.of(
              source
                  + ": services."
                  + service
                  + ": spelt in a way that can't be edited without touching more (expected: plain"
                  + " maps, no anchors; set by hand split: "
                  + shown(wanted.split())
                  + ")"));
    }
    return new EditedPolicy(edited, old.traffic().split(), wanted.split(), added);
  }

  private static String shown(TrafficSplit trafficSplit) {
    StringBuilder text = new StringBuilder("{");
    trafficSplit
        .shares()
        .forEach(
            (subset, percent) ->
                text.append(text.length() > 1 ? ", " : "")
                    .append(YamlEditor.quoted(subset))
                    .append(": ")
                    .append(percent));
    return text.append("}").toString();
  }

  /** The old shares with the given ones; what is not given makes room, or takes what is left. */
  static TrafficSplit divided(TrafficSplit old, Map<String, Percent> given) {
    int all = Percent.ALL.hundredths();
    int fixed = given.values().stream().mapToInt(Percent::hundredths).sum();
    if (fixed > all) {
      throw new IllegalArgumentException(
          "split: " + fixed / 100 + "% in all (expected: at most 100%)");
    }
    Map<String, Integer> others = new LinkedHashMap<>();
    old.shares()
        .forEach(
            (subset, percent) -> {
              if (!given.containsKey(subset)) {
                others.put(subset, percent.hundredths());
              }
            });
    int sum = others.values().stream().mapToInt(Integer::intValue).sum();
    boolean whole = !old.isNone() && old.rest().hundredths() == 0;
    int room = all - fixed;
    if (sum > room || (whole && sum > 0)) {
      scale(others, sum, room);
    }
    Map<String, Percent> shares = new LinkedHashMap<>();
    old.shares()
        .keySet()
        .forEach(
            subset -> {
              Percent set = given.get(subset);
              shares.put(subset, set != null ? set : new Percent(others.getOrDefault(subset, 0)));
            });
    given.forEach(shares::putIfAbsent);
    return new TrafficSplit(shares);
  }

  /** In proportion; what rounding leaves goes to the first that has a share. */
  private static void scale(Map<String, Integer> others, int sum, int room) {
    others.replaceAll((subset, share) -> (int) ((long) share * room / sum));
    int left = room - others.values().stream().mapToInt(Integer::intValue).sum();
    for (Map.Entry<String, Integer> other : others.entrySet()) {
      if (left > 0) {
        other.setValue(other.getValue() + left);
        left = 0;
      }
    }
  }
}
