package dev.holdfast.bench.load;

import dev.holdfast.lab.load.StallRecorder;
import dev.holdfast.lab.load.StallRecorder.ProcessStall;
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
  record RunPhase(String name, long fromMillis) {}

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
   * @param runPhases in their order
   */
  List<String> story(List<RunPhase> runPhases, List<ProcessStall> ours, List<ProcessStall> theirs) {
    Map<RunPhase, List<FailedCall>> byStage = new LinkedHashMap<>();
    for (FailedCall call : calls()) {
      byStage.computeIfAbsent(stageOf(call, runPhases), runPhase -> new ArrayList<>()).add(call);
    }
    List<String> lines = new ArrayList<>();
    byStage.forEach((runPhase, failed) -> lines.add(line(runPhase, failed, ours, theirs)));
    if (dropped() > 0) {
      lines.add("and " + dropped() + " later ones");
    }
    return lines;
  }

  private static RunPhase stageOf(FailedCall call, List<RunPhase> runPhases) {
    RunPhase found = runPhases.get(0);
    for (RunPhase runPhase : runPhases) {
      if (call.sentMillis >= runPhase.fromMillis) {
        found = runPhase;
      }
    }
    return found;
  }

  private static String line(
      RunPhase runPhase,
      List<FailedCall> failed,
      List<ProcessStall> ours,
      List<ProcessStall> theirs) {
    long first = failed.stream().mapToLong(FailedCall::sentMillis).min().orElseThrow();
    long last = failed.stream().mapToLong(FailedCall::sentMillis).max().orElseThrow();
    long end = failed.stream().mapToLong(FailedCall::endedMillis).max().orElseThrow();
    return String.format(
        Locale.ROOT,
        "failed in the %s: %d calls to %d peers, sent %.3f to %.3f s after its beginning, the last"
            + " ended at %.3f s; meanwhile we stood still for %d ms, the servers for %d ms",
        runPhase.name,
        failed.size(),
        failed.stream().map(FailedCall::peer).distinct().count(),
        (first - runPhase.fromMillis) / 1e3,
        (last - runPhase.fromMillis) / 1e3,
        (end - runPhase.fromMillis) / 1e3,
        longestIn(ours, first, end),
        longestIn(theirs, first, end));
  }

  private static long longestIn(List<ProcessStall> stills, long fromMillis, long toMillis) {
    return StallRecorder.longestMillis(
        stills.stream().filter(still -> still.meets(fromMillis, toMillis)).toList());
  }
}
