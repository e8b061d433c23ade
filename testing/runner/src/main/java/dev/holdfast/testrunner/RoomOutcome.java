package dev.holdfast.testrunner;

import java.util.List;

/**
 * The end of a run.
 *
 * @param unchanged whether the run was left out because a green one had the same key
 * @param problems why the run is red; empty when it is green
 */
record RoomOutcome(RoomRun run, boolean unchanged, RoomReport report, List<String> problems) {
  static RoomOutcome unchanged(RoomRun run) {
    return new RoomOutcome(run, true, RoomReport.EMPTY, List.of());
  }

  boolean isGreen() {
    return problems.isEmpty();
  }
}
