package dev.holdfast.testrunner;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/**
 * What all runs share.
 *
 * @param ownClasses this program's classes, which go into every room's class path
 * @param remembers whether green runs are kept for later ones, as they are not in CI: their keys
 *     cost the reading of all classes and inputs of each room, twice
 * @param mayLeaveOut whether a room is left out whose key is that of a green run
 */
record RunnerContext(
    RunnerOptions options,
    SurefirePom pom,
    RunKeys keys,
    GreenRuns green,
    RoomProcess.Starter starter,
    Path ownClasses,
    boolean remembers,
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
