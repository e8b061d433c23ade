package dev.holdfast.duplex.conformance.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A list of scenarios of one role in the making. */
final class ScenarioList {
  private final Scenario.Role role;
  private final List<Scenario> scenarios = new ArrayList<>();

  ScenarioList(Scenario.Role role) {
    this.role = role;
  }

  /**
   * Adds a scenario.
   *
   * @param rules ids, separated by spaces
   */
  ScenarioList add(String name, String rules, Scenario.Script script) {
    return add(name, rules, Set.of(), script);
  }

  /** Adds a scenario for implementations that have some options. */
  ScenarioList add(String name, String rules, Set<String> needs, Scenario.Script script) {
    scenarios.add(new Scenario(name, role, List.of(rules.split(" ")), needs, script));
    return this;
  }

  List<Scenario> toList() {
    return List.copyOf(scenarios);
  }
}
