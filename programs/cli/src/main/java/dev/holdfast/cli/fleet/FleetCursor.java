package dev.holdfast.cli.fleet;

import java.util.Map;
import java.util.Set;

/**
 * The place where a page of a fleet's rows begins: a place of its own in the rows of each process.
 *
 * @param tokens page tokens by the key of the process; a process without one begins at its first
 *     row
 * @param ended keys of the processes that have no further row
 * @param skipped rows before the page in a view that no process lists
 */
public record FleetCursor(Map<String, String> tokens, Set<String> ended, int skipped) {
  /** The first page. */
  public static final FleetCursor START = new FleetCursor(Map.of(), Set.of(), 0);

  public FleetCursor {
    tokens = Map.copyOf(tokens);
    ended = Set.copyOf(ended);
  }
}
