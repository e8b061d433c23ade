package dev.holdfast.testrunner;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The program that {@code ./verify} starts after it compiled: tests every room in a JVM of its own,
 * several at once, and leaves out those that did not change since a green run on this machine.
 */
public final class TestRunner {
  private static final Path LIST = Path.of("testing/runner/rooms.txt");
  private static final int FOLDERS_TO_A_MODULE = 2;

  /** So many rooms compute at once when no room that waits is left. */
  private static final int COMPUTING_ALONE = 2;

  private static final int SPARE_LANES = 2;

  private static final int WRONG_ARGUMENTS = 2;

  private final RunnerOptions options;
  private final Map<String, String> environment;
  private final RoomProcess.Starter starter;
  private final SpareLanes spareLanes;
  private final PrintStream out;

  TestRunner(
      RunnerOptions options,
      Map<String, String> environment,
      RoomProcess.Starter starter,
      SpareLanes spareLanes,
      PrintStream out) {
    this.options = options;
    this.environment = environment;
    this.starter = starter;
    this.spareLanes = spareLanes;
    this.out = out;
  }

  /** The program. */
  public static void main(String[] args) throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(CommandProcess::killAll, "kill-rooms"));
    PauseMonitor.start(System.out);
    SpareLanes spareLanes = SpareLanes.ofThisMachine(SPARE_LANES);
    System.exit(run(List.of(args), System.getenv(), JvmProcess::start, spareLanes, System.out));
  }

  /** Runs the tests and returns the exit code. */
  static int run(
      List<String> args,
      Map<String, String> environment,
      RoomProcess.Starter starter,
      SpareLanes spareLanes,
      PrintStream out)
      throws InterruptedException {
    if (args.contains("--help")) {
      out.print(RunnerOptions.USAGE);
      return 0;
    }
    try {
      RunnerOptions options = RunnerOptions.parse(args);
      return new TestRunner(options, environment, starter, spareLanes, out).run() ? 0 : 1;
    } catch (IllegalArgumentException e) {
      out.println("testrunner: " + e.getMessage() + "\n" + RunnerOptions.USAGE);
      return WRONG_ARGUMENTS;
    } catch (IOException | IllegalStateException e) {
      out.println("testrunner: " + StackText.of(e));
      return 1;
    }
  }

  private boolean run() throws IOException, InterruptedException {
    List<TestedRoom> rooms = TestedRoom.read(options.root().resolve(LIST));
    List<String> problems = unlisted(rooms);
    List<RoomRun> runs = runs(chosen(rooms));
    Files.createDirectories(options.logs());
    boolean noSkips = "1".equals(environment.get("HOLDFAST_NO_SKIPS"));
    boolean remembers = !noSkips && !"true".equals(environment.get("CI"));
    RunnerContext context =
        new RunnerContext(
            options,
            new SurefirePom(options.root()),
            new RunKeys(options.root(), environment),
            new GreenRuns(options.logs().resolve("green"), Clock.system(ZoneId.systemDefault())),
            starter,
            ownClasses(),
            remembers,
            remembers && !options.all(),
            out);
    List<Callable<List<RoomOutcome>>> lanes =
        lanes(tasks(runs, false, context), tasks(runs, true, context));
    List<RoomOutcome> outcomes =
        Schedule.run(lanes, lanes.size()).stream().flatMap(List::stream).toList();
    return new RunSummary(outcomes, problems, noSkips).print(out);
  }

  /**
   * One lane for each room at a time. Where few rooms may compute beside those that wait, a lane of
   * those goes on with the others, so that no core is idle at the end. Further lanes take what an
   * idle machine has room for: rooms that wait first, of which one after the other would leave the
   * cores idle at the end.
   */
  private List<Callable<List<RoomOutcome>>> lanes(List<RoomTask> compute, List<RoomTask> wait) {
    Queue<RoomTask> computing = new ConcurrentLinkedQueue<>(compute);
    Queue<RoomTask> waiting = new ConcurrentLinkedQueue<>(wait);
    List<Callable<List<RoomOutcome>>> lanes = new ArrayList<>();
    for (int i = 0; i < options.atOnce(); i++) {
      lanes.add(() -> Schedule.drain(computing));
    }
    for (int i = 0; i < options.waitingAtOnce(); i++) {
      boolean helps = options.atOnce() + i < COMPUTING_ALONE;
      lanes.add(
          () -> {
            List<RoomOutcome> outcomes = new ArrayList<>(Schedule.drain(waiting));
            if (helps) {
              outcomes.addAll(Schedule.drain(computing));
            }
            return outcomes;
          });
    }
    lanes.add(() -> spareLanes.drain(List.of(waiting, computing)));
    return lanes;
  }

  private static List<RoomTask> tasks(List<RoomRun> runs, boolean waits, RunnerContext context) {
    return runs.stream()
        .filter(run -> run.room().waits() == waits)
        .map(run -> new RoomTask(run, context))
        .toList();
  }

  /** Modules with tests that the list does not have, whose tests would be left out in silence. */
  private List<String> unlisted(List<TestedRoom> rooms) throws IOException {
    TreeSet<String> folders = new TreeSet<>();
    try (var walk = Files.walk(options.root(), FOLDERS_TO_A_MODULE)) {
      for (Path module : walk.toList()) {
        if (hasTests(module.resolve("src/test/java"))) {
          folders.add(options.root().relativize(module).toString());
        }
      }
    }
    rooms.forEach(room -> folders.remove(room.folder()));
    return folders.stream()
        .map(folder -> "%s: tests (expected: a row in %s)".formatted(folder, LIST))
        .toList();
  }

  private static boolean hasTests(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (var files = Files.walk(folder)) {
      return files.anyMatch(file -> file.toString().endsWith("Test.java"));
    }
  }

  private List<TestedRoom> chosen(List<TestedRoom> rooms) {
    requireKnown("--room", options.rooms(), rooms);
    requireKnown("--done", options.done(), rooms);
    for (RoomVariant variant : options.variants()) {
      if (rooms.stream().noneMatch(room -> room.name().equals(variant.room()))) {
        throw new IllegalArgumentException(
            "--variant: %s (expected: a room of %s)".formatted(variant.room(), LIST));
      }
    }
    return rooms.stream()
        .filter(room -> options.rooms().isEmpty() || options.rooms().contains(room.name()))
        .toList();
  }

  private static void requireKnown(String option, Set<String> names, List<TestedRoom> rooms) {
    TreeSet<String> unknown = new TreeSet<>(names);
    rooms.forEach(room -> unknown.remove(room.name()));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: %s (expected: a room of %s)".formatted(option, unknown.first(), LIST));
    }
  }

  /**
   * The runs of rooms in their order, those of a room one after the other: what takes long begins
   * early on both JDKs. A variant is the run on the second JDK: no room is tested three times.
   */
  private List<RoomRun> runs(List<TestedRoom> rooms) {
    List<RoomRun> runs = new ArrayList<>();
    for (TestedRoom room : rooms) {
      if (!options.done().contains(room.name())) {
        runs.add(new RoomRun(room, options.jdk()));
      }
      Optional<TestedJdk> second = options.secondJdk().filter(jdk -> room.onSecondJdk());
      runs.addAll(
          second.map(jdk -> onSecond(room, jdk)).orElseGet(() -> variants(room, options.jdk())));
    }
    return runs;
  }

  /** The run on the second JDK. A variant plays as much as the first run: it is no repetition. */
  private List<RoomRun> onSecond(TestedRoom room, TestedJdk jdk) {
    Map<String, String> properties = options.jdk().systemProperties();
    List<RoomRun> variants = variants(room, new TestedJdk(jdk.version(), jdk.home(), properties));
    return variants.isEmpty() ? List.of(new RoomRun(room, jdk)) : variants;
  }

  private List<RoomRun> variants(TestedRoom room, TestedJdk jdk) {
    return options.variants().stream()
        .filter(variant -> variant.room().equals(room.name()))
        .map(variant -> new RoomRun(room, variant.on(jdk)))
        .toList();
  }

  private static Path ownClasses() {
    try {
      return Path.of(TestRunner.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
