package dev.holdfast.bench.streams;

import dev.holdfast.bench.run.Benchmark;
import dev.holdfast.simulation.streams.GuaranteeViolation;
import dev.holdfast.simulation.streams.SessionMutant;
import dev.holdfast.simulation.streams.StreamCoverage;
import dev.holdfast.simulation.streams.StreamSimulation;
import dev.holdfast.streams.session.SessionRules;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The simulation of the session protocol under thousands of fault schedules in virtual time. It
 * also runs each {@link SessionMutant} until the mutant is caught. Speed is not measured.
 */
public final class StreamsSim implements Benchmark {
  private static final long SEEDS = 30_000;
  private static final long QUICK_SEEDS = 10_000;
  private static final long SEEDS_PER_MUTANT = 20_000;
  private static final long SEEDS_PER_LINE = 5_000;
  private static final int SHOWN_VIOLATIONS = 10;

  private final PrintStream out;

  public StreamsSim() {
    this(System.out);
  }

  StreamsSim(PrintStream out) {
    this.out = out;
  }

  @Override
  public String name() {
    return "streams-sim";
  }

  @Override
  public String summary() {
    return "violations of a stream's promises in thousands of bad networks, and its mutants";
  }

  @Override
  public int run(List<String> args) {
    if (args.contains("--help") || args.contains("-h")) {
      out.println("bench/run streams-sim [--quick | --trace SEED]");
      out.println("  " + summary() + ", in virtual time.");
      out.printf("  %,d seeds; --quick: %,d. --trace plays one and says all%n", SEEDS, QUICK_SEEDS);
      out.println("  Bounds: no violation, every mutant caught, every rare path reached.");
      return 0;
    }
    if (args.size() == 2 && args.get(0).equals("--trace") && args.get(1).matches("\\d{1,9}")) {
      StreamSimulation.trace(Long.parseLong(args.get(1)), SessionRules.STANDARD)
          .forEach(out::println);
      return 0;
    }
    if (!args.isEmpty() && !args.equals(List.of("--quick"))) {
      System.err.printf("bench streams-sim: %s (expected: --quick, --trace SEED)%n", args);
      return 2;
    }
    return play(args.isEmpty() ? SEEDS : QUICK_SEEDS, SEEDS_PER_MUTANT);
  }

  int play(long seeds, long seedsPerMutant) {
    Map<StreamCoverage, Integer> reached = new EnumMap<>(StreamCoverage.class);
    long violations = violations(seeds, reached);
    List<StreamCoverage> never =
        Arrays.stream(StreamCoverage.values())
            .filter(streamCoverage -> !reached.containsKey(streamCoverage))
            .toList();
    int caught = 0;
    for (SessionMutant sessionMutant : SessionMutant.values()) {
      caught += isCaught(sessionMutant, seedsPerMutant) ? 1 : 0;
    }
    int mutants = SessionMutant.values().length;
    int missed = mutants - caught;
    out.println("  rare paths: " + reached);
    boolean kept = violations == 0 && missed == 0 && never.isEmpty();
    if (!kept) {
      out.printf(
          "MISSED: violations %d (expected: 0), mutants not caught %d (expected: 0), never reached"
              + " %s%n",
          violations, missed, never);
    }
    out.printf(
        "RESULT seeds=%d violations=%d mutants_caught=%d/%d%n", seeds, violations, caught, mutants);
    return kept ? 0 : 1;
  }

  private long violations(long seeds, Map<StreamCoverage, Integer> reached) {
    long violations = 0;
    for (long seed = 0; seed < seeds; seed++) {
      try {
        StreamSimulation.play(seed, SessionRules.STANDARD)
            .forEach((streamCoverage, times) -> reached.merge(streamCoverage, times, Integer::sum));
      } catch (GuaranteeViolation | IllegalStateException e) {
        violations++;
        if (violations <= SHOWN_VIOLATIONS) {
          out.printf(
              "  seed %d: %s; bench/run streams-sim --trace %d%n", seed, e.getMessage(), seed);
        }
      }
      if ((seed + 1) % SEEDS_PER_LINE == 0) {
        out.printf("  %d seeds, %d violations%n", seed + 1, violations);
      }
    }
    return violations;
  }

  private boolean isCaught(SessionMutant sessionMutant, long seeds) {
    for (long seed = 0; seed < seeds; seed++) {
      try {
        StreamSimulation.play(seed, sessionMutant.rules());
      } catch (GuaranteeViolation e) {
        out.printf("  %s caught by seed %d: %s%n", sessionMutant, seed, e.guarantee());
        return true;
      } catch (IllegalStateException e) {
        out.printf("  %s caught by seed %d: %s%n", sessionMutant, seed, e.getMessage());
        return true;
      }
    }
    out.printf("  %s was not caught by %d seeds%n", sessionMutant, seeds);
    return false;
  }
}
