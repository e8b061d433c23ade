package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Starter of processes that are none: each plays a behaviour, by default that of a green room. */
final class FakeJvms implements RoomProcess.Starter {
  private static final int NEVER_ENDS = -1;

  /** The behaviour of a room's JVM until its end. */
  interface Behaviour {
    /** Writes the report and returns the exit code, or a negative number when it hangs. */
    int play(RoomCommand command, ReportFile report) throws IOException;
  }

  static final Behaviour PASSES =
      (command, report) -> {
        report.end("1", TestResult.PASSED, testClass(command), "ATest.a", "");
        report.done(Duration.ofSeconds(2));
        return 0;
      };

  static final Behaviour FAILS =
      (command, report) -> {
        report.end("1", TestResult.PASSED, testClass(command), "ATest.a", "");
        report.end("2", TestResult.FAILED, testClass(command), "ATest.b", "wanted 1");
        report.done(Duration.ofSeconds(2));
        return 1;
      };

  static final Behaviour SKIPS =
      (command, report) -> {
        report.end("1", TestResult.PASSED, testClass(command), "ATest.a", "");
        report.end("2", TestResult.SKIPPED, testClass(command), "ATest.c", "no Go");
        report.done(Duration.ofSeconds(2));
        return 0;
      };

  static final Behaviour HANGS =
      (command, report) -> {
        report.begin("ATest.hangs");
        return NEVER_ENDS;
      };

  private final Map<String, Behaviour> behaviours = new ConcurrentHashMap<>();
  private final Map<String, String> logs = new ConcurrentHashMap<>();
  private final Map<String, List<String>> lines = new ConcurrentHashMap<>();
  private final List<String> started = new CopyOnWriteArrayList<>();
  private final List<String> killed = new CopyOnWriteArrayList<>();

  void behave(String room, Behaviour behaviour) {
    behaviours.put(room, behaviour);
  }

  void log(String room, String text) {
    logs.put(room, text);
  }

  List<String> started() {
    return started;
  }

  List<String> killed() {
    return killed;
  }

  List<String> words(String run) {
    return lines.getOrDefault(run, List.of());
  }

  void forget() {
    started.clear();
  }

  private static String testClass(RoomCommand command) {
    return "dev.holdfast." + command.directory().getFileName() + ".ATest";
  }

  @Override
  public RoomProcess start(RoomCommand command, Path log) throws IOException {
    String room = "" + command.directory().getFileName();
    String reports = command.report().resolveSibling(".").normalize().getFileName().toString();
    String run = room + " " + reports.replace("tests-on-", "on ");
    started.add(run);
    lines.put(run, command.line());
    Files.writeString(log, logs.getOrDefault(room, ""));
    int exit;
    try (ReportFile report = new ReportFile(command.report())) {
      exit = behaviours.getOrDefault(room, PASSES).play(command, report);
    }
    return new RoomProcess() {
      @Override
      public boolean waitFor(Duration limit) {
        return exit != NEVER_ENDS;
      }

      @Override
      public int exitCode() {
        return exit;
      }

      @Override
      public void kill() {
        killed.add(run);
      }
    };
  }
}
