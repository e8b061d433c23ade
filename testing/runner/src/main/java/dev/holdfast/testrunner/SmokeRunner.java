package dev.holdfast.testrunner;

import dev.holdfast.testrunner.Smoke.Load;
import dev.holdfast.testrunner.SmokeTask.Ended;
import dev.holdfast.testrunner.SmokeTask.Outcome;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The program that {@code ./verify --ci} starts beside the tests for the smokes that wait, two at
 * once, and after the tests for the others: the heavy ones one after the other and, beside them,
 * three of the light ones at once; then four. Up to two more are begun while cores are idle.
 *
 * <p>Light ones take less than a core. Five of any kind at once took longer and cost 1.8 times the
 * CPU. A smoke's figures mean nothing, so that they may run side by side, and without a JIT that
 * would take half of the cores' time for code that runs for seconds.
 */
public final class SmokeRunner {
  static final String USAGE =
      """
      Usage: smokes --root FOLDER --logs FOLDER [options]
        --root FOLDER     the repository, compiled
        --logs FOLDER     for a log per smoke
        --name NAME       runs this smoke only; may be repeated
        --load LOAD       runs smokes of this load only, heavy, light or waiting; may be repeated
        --benchmark NAME  a benchmark that must have a row in the list; may be repeated
      Exit code: 0 every smoke passed or is not possible here, 1 one failed, 2 wrong arguments.
      """;

  private static final Path LIST = Path.of("testing/runner/smokes.txt");

  /**
   * The fast compiler alone; no verification of what javac wrote, a fifth of a JVM's start; the
   * serial collector where a program names none, as G1 costs 3 percent more CPU. JDKs to come may
   * lack one of the options.
   */
  private static final String FASTER_START =
      "-XX:+IgnoreUnrecognizedVMOptions -XX:TieredStopAtLevel=1 -XX:+UnlockDiagnosticVMOptions"
          + " -XX:-BytecodeVerificationRemote -XX:+NeverActAsServerClassMachine";

  private static final String JVM_OPTIONS = "JAVA_TOOL_OPTIONS";
  private static final int LIGHT_AT_ONCE = 3;

  /** The tests beside them take most of the CPU. */
  private static final int WAITING_AT_ONCE = 2;

  private static final int SPARE_LANES = 2;
  private static final int WRONG_ARGUMENTS = 2;

  private final List<Smoke> smokes;
  private final Path root;
  private final Path logs;
  private final Map<String, String> environment;
  private final PrintStream out;

  private SmokeRunner(
      List<Smoke> smokes, Path root, Path logs, Map<String, String> environment, PrintStream out) {
    this.smokes = smokes;
    this.root = root;
    this.logs = logs;
    this.environment = environment;
    this.out = out;
  }

  /** The program. */
  public static void main(String[] args) throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(CommandProcess::killAll, "kill-smokes"));
    PauseMonitor.start(System.out);
    System.exit(run(List.of(args), System.getenv(), System.out));
  }

  /** Runs the smokes and returns the exit code. */
  static int run(List<String> args, Map<String, String> environment, PrintStream out)
      throws InterruptedException {
    if (args.contains("--help")) {
      out.print(USAGE);
      return 0;
    }
    try {
      return parse(args, environment, out).run() ? 0 : 1;
    } catch (IllegalArgumentException e) {
      out.println("smokes: " + e.getMessage() + "\n" + USAGE);
      return WRONG_ARGUMENTS;
    } catch (IOException | IllegalStateException e) {
      out.println("smokes: " + StackText.of(e));
      return 1;
    }
  }

  private static SmokeRunner parse(
      List<String> args, Map<String, String> environment, PrintStream out) throws IOException {
    Path root = null;
    Path logs = null;
    List<String> names = new ArrayList<>();
    Set<Load> loads = EnumSet.noneOf(Load.class);
    List<String> benchmarks = new ArrayList<>();
    for (int i = 0; i < args.size(); i += 2) {
      String name = args.get(i);
      if (i + 1 == args.size()) {
        throw new IllegalArgumentException(name + ": no value (expected: one)");
      }
      String value = args.get(i + 1);
      switch (name) {
        case "--root" -> root = Path.of(value).toAbsolutePath().normalize();
        case "--logs" -> logs = Path.of(value).toAbsolutePath().normalize();
        case "--name" -> names.add(value);
        case "--load" -> loads.add(load(value));
        case "--benchmark" -> benchmarks.add(value);
        default -> throw new IllegalArgumentException(name + ": unknown (expected: an option)");
      }
    }
    if (root == null || logs == null) {
      throw new IllegalArgumentException("--root and --logs: missing (expected: given)");
    }
    List<Smoke> smokes = Smoke.read(root.resolve(LIST));
    requireRows(benchmarks, smokes);
    return new SmokeRunner(chosen(smokes, names, loads), root, logs, environment, out);
  }

  private static Load load(String name) {
    return Load.named(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--load: %s (expected: %s)".formatted(name, Load.EXPECTED)));
  }

  /** A benchmark without a row would be left out in silence. */
  private static void requireRows(List<String> benchmarks, List<Smoke> smokes) {
    TreeSet<String> missing = new TreeSet<>(benchmarks);
    smokes.forEach(smoke -> missing.remove(smoke.name()));
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "benchmark %s: no smoke (expected: a row in %s)".formatted(missing.first(), LIST));
    }
  }

  private static List<Smoke> chosen(List<Smoke> smokes, List<String> names, Set<Load> loads) {
    TreeSet<String> unknown = new TreeSet<>(names);
    smokes.forEach(smoke -> unknown.remove(smoke.name()));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "--name: %s (expected: a smoke of %s)".formatted(unknown.first(), LIST));
    }
    List<Smoke> chosen =
        smokes.stream()
            .filter(smoke -> names.isEmpty() || names.contains(smoke.name()))
            .filter(smoke -> loads.isEmpty() || loads.contains(smoke.load()))
            .toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "--name and --load: no smoke of %s (expected: at least one)".formatted(LIST));
    }
    return chosen;
  }

  private boolean run() throws IOException, InterruptedException {
    Files.createDirectories(logs);
    List<Callable<List<Ended>>> lanes = new ArrayList<>();
    Queue<SmokeTask> waiting = tasks(Load.WAITING);
    for (int i = 0; i < WAITING_AT_ONCE; i++) {
      lanes.add(() -> Schedule.drain(waiting));
    }
    Queue<SmokeTask> heavy = tasks(Load.HEAVY);
    Queue<SmokeTask> light = tasks(Load.LIGHT);
    lanes.add(
        () ->
            Stream.concat(Schedule.drain(heavy).stream(), Schedule.drain(light).stream()).toList());
    for (int i = 0; i < LIGHT_AT_ONCE; i++) {
      lanes.add(() -> Schedule.drain(light));
    }
    lanes.add(() -> SpareLanes.ofThisMachine(SPARE_LANES).drain(List.of(light)));
    List<Ended> ended = Schedule.run(lanes, lanes.size()).stream().flatMap(List::stream).toList();
    List<String> failed = names(ended, Outcome.FAILED);
    out.println(
        "Smokes: %d, Failed: %s, Skipped: %s"
            .formatted(ended.size(), counted(failed), counted(names(ended, Outcome.SKIPPED))));
    return failed.isEmpty();
  }

  private static List<String> names(List<Ended> ended, Outcome outcome) {
    return ended.stream().filter(e -> e.outcome() == outcome).map(Ended::name).sorted().toList();
  }

  private static String counted(List<String> names) {
    return names.isEmpty() ? "0" : "%d (%s)".formatted(names.size(), String.join(", ", names));
  }

  private Queue<SmokeTask> tasks(Load load) {
    String options = environment.getOrDefault(JVM_OPTIONS, "") + " " + FASTER_START;
    Map<String, String> added = Map.of(JVM_OPTIONS, options.strip());
    boolean noSkips = "1".equals(environment.get("HOLDFAST_NO_SKIPS"));
    return smokes.stream()
        .filter(smoke -> smoke.load() == load)
        .map(smoke -> new SmokeTask(smoke, root, logs, added, noSkips, out))
        .collect(Collectors.toCollection(ConcurrentLinkedQueue::new));
  }
}
