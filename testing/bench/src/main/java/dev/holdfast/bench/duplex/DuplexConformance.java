package dev.holdfast.bench.duplex;

import dev.holdfast.bench.run.Benchmark;
import dev.holdfast.duplex.conformance.Candidate;
import dev.holdfast.duplex.conformance.ConformanceRun;
import dev.holdfast.duplex.conformance.ScenarioRunner;
import dev.holdfast.duplex.conformance.ScenarioTable;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The conformance kit of the duplex protocol, run against the Java libraries and the
 * implementations in other languages of this repository.
 */
public final class DuplexConformance implements Benchmark {
  private static final Path IMPLEMENTATIONS =
      Path.of("testing", "duplex-conformance", "implementations.txt");
  private static final Path PAGE = Path.of("docs", "duplex-conformance.md");
  private static final String BEGINS = "<!-- generated: scenarios -->";
  private static final String ENDS = "<!-- end: scenarios -->";
  private static final String PATIENCE_MILLIS = "180000";
  private static final String USAGE =
      """
      bench/run duplex-conformance [options]
        --only PART        scenarios whose name has this part
        --languages A,B    of these implementations alone; without it all
        --write-docs       the table of docs/duplex-conformance.md
        --quick            all scenarios, with 3 min instead of 30 s for what is awaited: for a
                           machine that has other work
        exit code          0 all passed, 1 a scenario failed, 2 wrong arguments\
      """;

  private String only = "";
  private List<String> languages = List.of();
  private boolean writesDocs;

  @Override
  public String name() {
    return "duplex-conformance";
  }

  @Override
  public String summary() {
    return "scenarios of the duplex protocol's rules, every client and server; none fails";
  }

  @Override
  public int run(List<String> args) throws Exception {
    if (args.contains("--help") || args.contains("-h")) {
      System.out.println(USAGE);
      return 0;
    }
    if (!parse(args)) {
      System.err.println(USAGE);
      return 2;
    }
    Path root = Path.of(System.getProperty("holdfast.home", ".")).toAbsolutePath();
    Path log = Files.createTempFile("holdfast-duplex-conformance", ".log");
    System.out.println("log of the implementations: " + log);
    ConformanceRun run = new ConformanceRun(candidates(root), only, log, System.out);
    List<ConformanceRun.Outcome> outcomes = run.run();
    if (writesDocs) {
      write(root.resolve(PAGE), ScenarioTable.of(outcomes));
    }
    System.out.println(run.resultLine());
    boolean failed = ConformanceRun.count(outcomes, ScenarioRunner.Outcome.FAILED) > 0;
    return failed || outcomes.isEmpty() ? 1 : 0;
  }

  private boolean parse(List<String> args) {
    for (Iterator<String> rest = args.iterator(); rest.hasNext(); ) {
      switch (rest.next()) {
        // Read when the kit's classes are initialised.
        case "--quick" -> System.setProperty("duplex.patience.ms", PATIENCE_MILLIS);
        case "--write-docs" -> writesDocs = true;
        case "--only" -> only = rest.hasNext() ? rest.next() : "";
        case "--languages" -> languages = List.of((rest.hasNext() ? rest.next() : "").split(","));
        default -> {
          return false;
        }
      }
    }
    return true;
  }

  private List<Candidate> candidates(Path root) throws IOException {
    List<Candidate> candidates = new ArrayList<>();
    List<String> java =
        ChildJvm.command(
            StreamsAdapter.class,
            List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            List.of());
    candidates.add(new Candidate("java", true, true, java));
    for (String line : Files.readAllLines(root.resolve(IMPLEMENTATIONS))) {
      if (!line.isBlank() && !line.startsWith("#")) {
        Candidate each = Candidate.parse(line);
        List<String> command = new ArrayList<>(each.command());
        command.set(0, root.resolve(command.get(0)).toString());
        candidates.add(new Candidate(each.name(), each.client(), each.server(), command));
      }
    }
    return candidates.stream()
        .filter(each -> languages.isEmpty() || languages.contains(each.name()))
        .toList();
  }

  private static void write(Path page, List<String> table) throws IOException {
    List<String> before = Files.readAllLines(page);
    List<String> after = new ArrayList<>(before.subList(0, before.indexOf(BEGINS) + 1));
    after.addAll(table);
    after.addAll(before.subList(before.indexOf(ENDS), before.size()));
    Files.write(page, after);
  }
}
