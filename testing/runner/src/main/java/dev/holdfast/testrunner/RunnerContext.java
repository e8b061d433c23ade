package dev.holdfast.testrunner;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/**
 * What all runs share.
 *
 * @param ownClasses this program's classes, which go into every room's class path
 * @param mayLeaveOut whether a room is left out whose key is that of a green run
 */
record RunnerContext(
    RunnerOptions options,
    SurefirePom pom,
    RunKeys keys,
    GreenRuns green,
    RoomProcess.Starter starter,
    Path ownClasses,
    boolean mayLeaveOut,
    PrintStream out) {

  Path root() {
    return options.root();
  }

  RoomCommand command(RoomRun run) throws IOException {
    return RoomCommand.of(run, options.root(), options.target(), pom, ownClasses);
  }

  Path log(RoomRun run) {
    return options.logs().resolve("tests-" + run.fileName() + ".log");
  }
}
