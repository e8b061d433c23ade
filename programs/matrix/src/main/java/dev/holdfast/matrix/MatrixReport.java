package dev.holdfast.matrix;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/** The results of all cells and the bounds that they missed. */
public final class MatrixReport {
  private final List<MatrixPath> paths;
  private final List<MatrixPair> pairs;
  private final List<CellResult> results;
  private final Duration took;

  MatrixReport(
      List<MatrixPath> paths, List<MatrixPair> pairs, List<CellResult> results, Duration took) {
    this.paths = paths;
    this.pairs = pairs;
    this.results = results;
    this.took = took;
  }

  /** The pairs, which are the columns of the table. */
  public List<MatrixPair> pairs() {
    return pairs;
  }

  /** The paths, which are the rows of the table. */
  public List<MatrixPath> paths() {
    return paths;
  }

  /** The result of the cell of a path and a pair. */
  public CellResult cell(MatrixPath path, MatrixPair pair) {
    return results.stream()
        .filter(result -> result.path().equals(path) && result.pair() == pair)
        .findFirst()
        .orElseThrow();
  }

  /** The failures and other observations that a reader should know, as sentences. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    for (CellResult result : ordered()) {
      if (result.isFailed()) {
        notes.add(
            "%s, %s: first call %s; held stream %s"
                .formatted(
                    result.path().name(),
                    result.pair().title(),
                    result.firstCall().detail(),
                    result.heldStream().detail()));
      }
    }
    for (MatrixPath path : paths) {
      if (path.idleModeComesFirst()) {
        notes.add(
            path.name()
                + ": grpc's idle mode closes a channel without calls after 30 min, before the path"
                + " forgets it; its first call, in brackets, is not counted");
      }
    }
    return notes;
  }

  /** The cells with Holdfast on one side that this side alone could not fix. */
  public List<CellResult> oneSidedFailures() {
    return failed(pair -> pair.isOneSided());
  }

  /** The last line; {@code cells} are those of the five pairs. */
  public String resultLine() {
    return ("RESULT cells=%d stock_failed=%d fixed_failed=%d holdfast_failed=%s one_sided_failed=%s"
            + " needs_heartbeat=%d verify_failed=%s")
        .formatted(
            results.stream().filter(result -> result.pair() != MatrixPair.VERIFY).count(),
            failed(pair -> pair == MatrixPair.STOCK).size(),
            failed(pair -> pair == MatrixPair.FIXED).size(),
            count(MatrixPair.HOLDFAST, failed(pair -> pair == MatrixPair.HOLDFAST).size()),
            pairs.stream().filter(MatrixPair::isOneSided).count() == 2
                ? Integer.toString(oneSidedFailures().size())
                : "not-run",
            results.stream().filter(CellResult::needsHeartbeat).count(),
            count(MatrixPair.VERIFY, failed(pair -> pair == MatrixPair.VERIFY).size()));
  }

  /** The missed bounds as text; empty when every bound was met. */
  public List<String> missedBounds() {
    List<String> missed = new ArrayList<>();
    for (MatrixPair pair : MatrixPair.values()) {
      if (!pairs.contains(pair)) {
        missed.add("the pair \"" + pair.title() + "\" was not run (expected: all)");
      }
    }
    for (CellResult failure :
        failed(pair -> pair == MatrixPair.HOLDFAST || pair == MatrixPair.VERIFY)) {
      missed.add(
          failure.path().name() + ": failed with " + failure.pair().title() + " (expected: ok)");
    }
    if (pairs.contains(MatrixPair.STOCK)) {
      for (MatrixPath path : paths) {
        boolean mustFail = path.dropsSilently() && !path.idleModeComesFirst();
        if (mustFail && !cell(path, MatrixPair.STOCK).isFailed()) {
          missed.add(path.name() + ": stock did not fail, so the path was not broken");
        }
      }
    }
    for (CellResult result : ordered()) {
      if (result.firstCall().word().equals("BROKEN")) {
        missed.add(result.path().name() + ": " + result.firstCall().detail());
      }
    }
    if (took.compareTo(LabMatrix.GOAL) > 0) {
      missed.add(
          "took " + took.toSeconds() + " s (expected: < " + LabMatrix.GOAL.toSeconds() + ")");
    }
    return missed;
  }

  /** The duration of the whole run. */
  public Duration took() {
    return took;
  }

  private String count(MatrixPair pair, int failures) {
    return pairs.contains(pair) ? Integer.toString(failures) : "not-run";
  }

  private List<CellResult> failed(Predicate<MatrixPair> pair) {
    return ordered().stream()
        .filter(result -> pair.test(result.pair()) && result.isFailed())
        .toList();
  }

  private List<CellResult> ordered() {
    List<CellResult> ordered = new ArrayList<>();
    for (MatrixPath path : paths) {
      for (MatrixPair pair : pairs) {
        ordered.add(Objects.requireNonNull(cell(path, pair)));
      }
    }
    return ordered;
  }
}
