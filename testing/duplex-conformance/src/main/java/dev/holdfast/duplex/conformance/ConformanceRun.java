package dev.holdfast.duplex.conformance;

import dev.holdfast.duplex.conformance.implementation.Implementation;
import dev.holdfast.duplex.conformance.scenario.Scenario;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A run of scenarios: each client alone, each server alone, and each client with each server. Used
 * by one thread.
 */
public final class ConformanceRun {
  private static final double NANOS_PER_SECOND = 1e9;

  private final List<Candidate> candidates;
  private final String only;
  private final Path log;
  private final PrintStream out;
  private final List<Outcome> outcomes = new ArrayList<>();

  /**
   * Creates a run.
   *
   * @param only a part of the names of the scenarios to run; empty for all
   * @param log takes what implementations say on standard error
   */
  public ConformanceRun(List<Candidate> candidates, String only, Path log, PrintStream out) {
    this.candidates = new ArrayList<>(candidates);
    this.only = only;
    this.log = log;
    this.out = out;
  }

  /**
   * The outcome of a scenario.
   *
   * @param client empty when a reference peer was the client
   * @param server empty when a reference peer was the server
   */
  public record Outcome(String client, String server, ScenarioRunner.Result result) {
    /** The names of the implementations under test, joined by a slash. */
    public String tested() {
      if (client.isEmpty() || server.isEmpty()) {
        return client + server;
      }
      return client + "/" + server;
    }
  }

  /**
   * Runs everything; a line for each scenario that did not pass. An implementation that does not
   * start, as its tools are not there, is left out and named.
   */
  public List<Outcome> run() throws IOException, InterruptedException {
    for (Candidate each : List.copyOf(candidates)) {
      if (!starts(each)) {
        candidates.remove(each);
        out.printf("left out: %s, whose adapter does not start%n", each.name());
      }
    }
    for (Candidate each : candidates) {
      if (each.client()) {
        run(Scenario.Role.CLIENT, each, each);
      }
      if (each.server()) {
        run(Scenario.Role.SERVER, each, each);
      }
    }
    for (Candidate client : candidates) {
      for (Candidate server : candidates) {
        if (client.client() && server.server()) {
          run(Scenario.Role.PAIR, client, server);
        }
      }
    }
    return List.copyOf(outcomes);
  }

  private boolean starts(Candidate candidate) throws IOException, InterruptedException {
    try (Implementation started = Implementation.start(candidate.command(), log)) {
      return !started.name().isEmpty();
    } catch (AssertionError e) {
      out.println(e.getMessage());
      return false;
    }
  }

  private void run(Scenario.Role role, Candidate client, Candidate server)
      throws IOException, InterruptedException {
    long beganNanos = System.nanoTime();
    int first = outcomes.size();
    List<List<String>> next =
        candidates.stream().filter(Candidate::server).map(Candidate::command).toList();
    try (ScenarioRunner runner =
        new ScenarioRunner(client.command(), server.command(), next, log)) {
      for (Scenario each : Scenario.all()) {
        if (each.role() == role && each.name().contains(only)) {
          add(
              new Outcome(
                  role == Scenario.Role.SERVER ? "" : client.name(),
                  role == Scenario.Role.CLIENT ? "" : server.name(),
                  runner.run(each)));
        }
      }
    }
    List<Outcome> added = outcomes.subList(first, outcomes.size());
    if (!added.isEmpty()) {
      out.printf(
          Locale.ROOT,
          "%-6s %-12s %3d scenarios in %.1f s: %d failed, %d skipped%n",
          role.name().toLowerCase(Locale.ROOT),
          added.get(0).tested(),
          added.size(),
          (System.nanoTime() - beganNanos) / NANOS_PER_SECOND,
          count(added, ScenarioRunner.Outcome.FAILED),
          count(added, ScenarioRunner.Outcome.SKIPPED));
    }
  }

  private void add(Outcome outcome) {
    outcomes.add(outcome);
    ScenarioRunner.Result result = outcome.result();
    if (result.outcome() != ScenarioRunner.Outcome.PASSED) {
      out.printf(
          "  %s %s %s %s: %s%n",
          result.outcome(),
          outcome.tested(),
          result.scenario().name(),
          result.scenario().rules(),
          result.cause());
    }
  }

  /** How many outcomes are of one kind. */
  public static long count(List<Outcome> outcomes, ScenarioRunner.Outcome kind) {
    return outcomes.stream().filter(each -> each.result().outcome() == kind).count();
  }

  /** The line of figures that ends a run. */
  public String resultLine() {
    return "RESULT clients=%s servers=%s scenarios=%d failed=%d skipped=%d"
        .formatted(
            names(candidates.stream().filter(Candidate::client).toList()),
            names(candidates.stream().filter(Candidate::server).toList()),
            outcomes.size(),
            count(outcomes, ScenarioRunner.Outcome.FAILED),
            count(outcomes, ScenarioRunner.Outcome.SKIPPED));
  }

  private static String names(List<Candidate> some) {
    return some.stream().map(Candidate::name).collect(Collectors.joining(","));
  }
}
