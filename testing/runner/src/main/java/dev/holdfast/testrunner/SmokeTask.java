package dev.holdfast.testrunner;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The run of one smoke, up to the line that says how it ended. */
final class SmokeTask implements Callable<SmokeTask.Ended> {
  /** A smoke that ran, and its end. */
  record Ended(String name, Outcome outcome) {}

  /** The end of a smoke. */
  enum Outcome {
    PASSED,
    /** The machine lacks what the smoke needs, and may lack it. */
    SKIPPED,
    FAILED
  }

  /** The exit code of a program that can't run on this machine. */
  private static final int NOT_POSSIBLE = 3;

  private static final Duration TERMINATION_LIMIT = Duration.ofSeconds(10);
  private static final int LAST_LINES = 40;
  private static final int SECONDS_PER_MINUTE = 60;

  /** The shell counts the CPU time of the program and of those that it waited for. */
  private static final String COUNTING = "\"$@\"; status=$?; times >\"$0\"; exit $status";

  /**
   * Linux divides the CPU between sessions, and then between the threads of each (sched(7),
   * autogroup). In one session a smoke with one busy thread gets a twentieth beside one with
   * twenty, and passes its limit. A smaller share for light ones was too small for them.
   */
  private static final Path SETSID = Path.of("/usr/bin/setsid");

  private static final Pattern TIMES = Pattern.compile("([0-9]+)m([0-9.]+)s ([0-9]+)m([0-9.]+)s");

  private final Smoke smoke;
  private final Path root;
  private final Path logs;
  private final Map<String, String> environment;
  private final boolean noSkips;
  private final PrintStream out;

  /**
   * A task that runs a smoke.
   *
   * @param environment variables of the smoke besides those of this program
   * @param noSkips whether a smoke that is not possible here counts as failed
   */
  SmokeTask(
      Smoke smoke,
      Path root,
      Path logs,
      Map<String, String> environment,
      boolean noSkips,
      PrintStream out) {
    this.smoke = smoke;
    this.root = root;
    this.logs = logs;
    this.environment = Map.copyOf(environment);
    this.noSkips = noSkips;
    this.out = out;
  }

  @Override
  public Ended call() throws InterruptedException {
    try {
      return new Ended(smoke.name(), run());
    } catch (IOException e) {
      out.println(smoke.name() + ": " + e);
      return new Ended(smoke.name(), Outcome.FAILED);
    }
  }

  private Outcome run() throws IOException, InterruptedException {
    Path log = logs.resolve("smoke-" + smoke.name() + ".log");
    Path times = logs.resolve("smoke-" + smoke.name() + ".times");
    Files.deleteIfExists(times);
    List<String> words = new ArrayList<>();
    if (Files.isExecutable(SETSID)) {
      words.add(SETSID.toString());
    }
    words.addAll(List.of("bash", "-c", COUNTING, times.toString()));
    words.addAll(smoke.words());
    long start = System.nanoTime();
    CommandProcess process = CommandProcess.start(words, environment, root, log);
    boolean ended;
    try {
      ended = process.waitFor(smoke.limit());
    } catch (InterruptedException e) {
      end(process);
      throw e;
    }
    if (!ended) {
      end(process);
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    List<String> lines = lines(log);
    Outcome outcome = ended ? outcome(process.exitCode()) : Outcome.FAILED;
    String exit =
        ended
            ? "exit " + process.exitCode()
            : "ended after its limit of " + smoke.limit().toSeconds() + " s";
    synchronized (out) {
      if (outcome == Outcome.FAILED) {
        lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()).forEach(out::println);
      }
      out.println(
          "%s: %s, %d s, %s s of CPU; %s"
              .formatted(smoke.name(), exit, seconds, cpu(times), result(lines)));
    }
    return outcome;
  }

  private Outcome outcome(int exitCode) {
    if (exitCode == NOT_POSSIBLE && !noSkips) {
      return Outcome.SKIPPED;
    }
    return exitCode == 0 ? Outcome.PASSED : Outcome.FAILED;
  }

  /** Demos and benchmarks end what they started when they are asked to end. */
  private static void end(CommandProcess process) throws InterruptedException {
    process.terminate();
    if (!process.waitFor(TERMINATION_LIMIT)) {
      process.kill();
    }
  }

  /** The line with the figures of a benchmark, or why it is not possible here. */
  private static String result(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith("RESULT") || line.startsWith("skipped"))
        .reduce((first, last) -> last)
        .orElse("no RESULT");
  }

  private static String cpu(Path times) throws IOException {
    if (!Files.exists(times)) {
      return "?";
    }
    // The first line is the shell's own.
    List<String> lines = Files.readAllLines(times);
    Matcher children = TIMES.matcher(lines.size() > 1 ? lines.get(1) : "");
    if (!children.matches()) {
      return "?";
    }
    double user = seconds(children.group(1), children.group(2));
    double system = seconds(children.group(3), children.group(4));
    return String.valueOf(Math.round(user + system));
  }

  private static double seconds(String minutes, String seconds) {
    return Integer.parseInt(minutes) * (double) SECONDS_PER_MINUTE + Double.parseDouble(seconds);
  }

  /** Programs may print bytes that are no text. */
  private static List<String> lines(Path log) throws IOException {
    return new String(Files.readAllBytes(log), StandardCharsets.ISO_8859_1).lines().toList();
  }
}
