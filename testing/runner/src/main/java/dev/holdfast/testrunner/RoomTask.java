package dev.holdfast.testrunner;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** The run of one room on one JDK, from its key to the line that says how it ended. */
final class RoomTask implements Callable<RoomOutcome> {
  private static final String LOST_BUFFER = "release() was not called";
  private static final int LOST_BUFFERS_SHOWN = 3;
  private static final int LOST_BUFFER_LINES = 80;
  private static final int UNFINISHED_SHOWN = 10;
  private static final int LAST_LINES = 20;

  private final RoomRun run;
  private final RunnerContext context;

  RoomTask(RoomRun run, RunnerContext context) {
    this.run = run;
    this.context = context;
  }

  @Override
  public RoomOutcome call() throws InterruptedException {
    try {
      return test();
    } catch (IOException | IllegalStateException e) {
      String problem = run + ": " + e;
      context.out().println(problem);
      return new RoomOutcome(run, false, RoomReport.EMPTY, List.of(problem));
    }
  }

  private RoomOutcome test() throws IOException, InterruptedException {
    PrintStream out = context.out();
    RoomCommand command = context.command(run);
    String key = context.remembers() ? context.keys().of(run, command) : "";
    if (context.mayLeaveOut()) {
      Optional<String> date = context.green().dateOf(run, key);
      if (date.isPresent()) {
        out.println(run + ": unchanged since the green run of " + date.get());
        return RoomOutcome.unchanged(run);
      }
    }
    Path log = context.log(run);
    prepare(command);
    long start = System.nanoTime();
    RoomProcess process = context.starter().start(command, log);
    boolean ended;
    try {
      ended = process.waitFor(command.limit());
    } catch (InterruptedException e) {
      process.kill();
      throw e;
    }
    if (!ended) {
      process.kill();
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    RoomReport report = RoomReport.read(command.report());
    String exit = ended ? "exit " + process.exitCode() : "killed";
    String cpu = report.cpu().map(time -> "" + time.toSeconds()).orElse("?");
    List<String> problems = problems(command, ended ? process.exitCode() : -1, ended, report);
    synchronized (out) {
      out.println(
          "%s: %s, %d s, %s s of CPU; %s".formatted(run, exit, seconds, cpu, report.counts()));
      problems.forEach(problem -> out.println("  " + problem));
      if (!problems.isEmpty()) {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        out.println(String.format(Locale.ROOT, "  log: %s; load average %.1f", log, load));
      }
    }
    // A skipped test may run when the machine has got what it lacks; sources may have changed.
    if (context.remembers()
        && problems.isEmpty()
        && report.counts().skipped() == 0
        && key.equals(context.keys().of(run, command))) {
      context.green().add(run, key);
    }
    return new RoomOutcome(run, false, report, problems);
  }

  /** The report of an earlier run must not pass for that of this one. */
  private static void prepare(RoomCommand command) throws IOException {
    Path folder = command.report().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Files.deleteIfExists(command.report());
  }

  private List<String> problems(RoomCommand command, int exit, boolean ended, RoomReport report)
      throws IOException {
    List<String> problems = new ArrayList<>();
    if (!ended) {
      problems.add(
          "%s: still running after %d s (expected: at most that)"
              .formatted(run, command.limit().toSeconds()));
    } else if (!report.isComplete()) {
      problems.add(
          "%s: exit code %d before the end of its report (expected: all tests)"
              .formatted(run, exit));
      problems.addAll(lastLines());
    } else if (exit != 0 && report.failed().isEmpty()) {
      problems.add("%s: exit code %d (expected: 0)".formatted(run, exit));
    }
    report.unfinished().stream()
        .limit(UNFINISHED_SHOWN)
        .forEach(test -> problems.add("did not end: " + test));
    report.failed().forEach(failure -> problems.add("failed: " + failure));
    if (!ended || !report.isComplete()) {
      return problems;
    }
    Set<String> missing =
        new HashSet<>(
            run.room()
                .declaredTests(
                    context.root(),
                    Optional.ofNullable(run.jdk().systemProperties().get(RoomTests.WITHOUT_TAG))));
    missing.removeAll(report.classes());
    missing.stream()
        .sorted()
        .forEach(
            name ->
                problems.add("no report of " + name + " (expected: every class named ..Test ran)"));
    if (report.counts().run() == 0) {
      problems.add(run + ": no test ran (expected: at least one)");
    }
    problems.addAll(lostBuffers());
    return problems;
  }

  /**
   * Netty looks for buffers that were lost (every one with {@code --ci}), and only logs what it
   * finds.
   */
  private List<String> lostBuffers() throws IOException {
    List<String> found = new ArrayList<>();
    List<String> lines = logLines();
    int shown = 0;
    for (int i = 0; i < lines.size() && shown < LOST_BUFFERS_SHOWN; i++) {
      if (lines.get(i).contains("LEAK: ") && lines.get(i).contains(LOST_BUFFER)) {
        found.add("a Netty buffer was lost (expected: none); its way through the code:");
        found.addAll(lines.subList(i, Math.min(i + LOST_BUFFER_LINES, lines.size())));
        shown++;
      }
    }
    return found;
  }

  private List<String> lastLines() throws IOException {
    List<String> lines = logLines();
    return lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size());
  }

  /** Tests may log bytes that are no text. */
  private List<String> logLines() throws IOException {
    Path log = context.log(run);
    return Files.exists(log)
        ? new String(Files.readAllBytes(log), java.nio.charset.StandardCharsets.ISO_8859_1)
            .lines()
            .toList()
        : List.of();
  }
}
