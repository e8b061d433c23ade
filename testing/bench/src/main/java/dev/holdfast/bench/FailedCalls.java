package dev.holdfast.bench;

import dev.holdfast.bench.StandStills.StandStill;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The failed calls with the time, the duration and the peer of each. Thread-safe. */
final class FailedCalls {
  private static final int MAX_KEPT = 2_000;

  /** A part of the run, from its beginning until the next one's. */
  record Stage(String name, long fromMillis) {}

  /**
   * A failed call with its times and status.
   *
   * @param sentMillis when the call was sent, in milliseconds since the epoch
   * @param endedMillis when the call failed, in milliseconds since the epoch
   */
  record FailedCall(long sentMillis, long endedMillis, Status status) {
    /**
     * The peer of the call, taken from the status text; "nowhere" when the call never had a
     * connection.
     */
    String peer() {
      String text = String.valueOf(status.getDescription());
      int at = text.indexOf("remote_addr=");
      return at < 0 ? "nowhere" : text.substring(at + 12).split("[],]", 2)[0];
    }
  }

  private final List<FailedCall> calls = new ArrayList<>();
  private int dropped;

  /** Keeps one; after {@value #MAX_KEPT} they are only counted. */
  synchronized void add(FailedCall call) {
    if (calls.size() < MAX_KEPT) {
      calls.add(call);
    } else {
      dropped++;
    }
  }

  synchronized int dropped() {
    return dropped;
  }

  synchronized List<FailedCall> calls() {
    return List.copyOf(calls);
  }

  /**
   * For people: in which stages calls failed, when, at how many peers, and which of the two
   * processes stood still meanwhile. Empty when none failed.
   *
   * @param stages in their order
   */
  List<String> story(List<Stage> stages, List<StandStill> ours, List<StandStill> theirs) {
    Map<Stage, List<FailedCall>> byStage = new LinkedHashMap<>();
    for (FailedCall call : calls()) {
      byStage.computeIfAbsent(stageOf(call, stages), stage -> new ArrayList<>()).add(call);
    }
    List<String> lines = new ArrayList<>();
    byStage.forEach((stage, failed) -> lines.add(line(stage, failed, ours, theirs)));
    if (dropped() > 0) {
      lines.add("and " + dropped() + " later ones");
    }
    return lines;
  }

  private static Stage stageOf(FailedCall call, List<Stage> stages) {
    Stage found = stages.get(0);
    for (Stage stage : stages) {
      if (call.sentMillis >= stage.fromMillis) {
        found = stage;
      }
    }
    return found;
  }

  private static String line(
      Stage stage, List<FailedCall> failed, List<StandStill> ours, List<StandStill> theirs) {
    long first = failed.stream().mapToLong(FailedCall::sentMillis).min().orElseThrow();
    long last = failed.stream().mapToLong(FailedCall::sentMillis).max().orElseThrow();
    long end = failed.stream().mapToLong(FailedCall::endedMillis).max().orElseThrow();
    return String.format(
        Locale.ROOT,
        "failed in the %s: %d calls to %d peers, sent %.3f to %.3f s after its beginning, the last"
            + " ended at %.3f s; meanwhile we stood still for %d ms, the servers for %d ms",
        stage.name,
        failed.size(),
        failed.stream().map(FailedCall::peer).distinct().count(),
        (first - stage.fromMillis) / 1e3,
        (last - stage.fromMillis) / 1e3,
        (end - stage.fromMillis) / 1e3,
        longestIn(ours, first, end),
        longestIn(theirs, first, end));
  }

  private static long longestIn(List<StandStill> stills, long fromMillis, long toMillis) {
    return StandStills.longestMillis(
        stills.stream().filter(still -> still.meets(fromMillis, toMillis)).toList());
  }
}
