package dev.holdfast.duplex.conformance.scenario;

import java.util.ArrayList;
import java.util.List;

/** The table of all scenarios. */
final class Scenarios {
  private Scenarios() {}

  static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    all.addAll(ClientOpeningScenarios.all());
    all.addAll(ClientResumeScenarios.all());
    all.addAll(ClientEndScenarios.all());
    all.addAll(ClientFrameScenarios.all());
    all.addAll(ClientOneWayScenarios.all());
    all.addAll(ClientHandoverScenarios.all());
    all.addAll(ServerOpeningScenarios.all());
    all.addAll(ServerResumeScenarios.all());
    all.addAll(ServerFrameScenarios.all());
    all.addAll(ServerOneWayScenarios.all());
    all.addAll(ServerHandoverScenarios.all());
    all.addAll(ServerTakeoverScenarios.all());
    all.addAll(PairScenarios.all());
    all.addAll(PairHandoverScenarios.all());
    return all;
  }
}
