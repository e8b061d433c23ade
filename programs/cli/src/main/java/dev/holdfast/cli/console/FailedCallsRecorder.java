package dev.holdfast.cli.console;

import dev.holdfast.admin.rpc.FailedCalls;
import dev.holdfast.admin.rpc.ProcessReport;
import dev.holdfast.cli.fleet.FleetInstance;
import dev.holdfast.core.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The recorder of calls that failed, from what the processes have counted. Failures of one kind
 * within {@link #ONE_EVENT} are one event, whose number grows. Not thread-safe.
 */
final class FailedCallsRecorder {
  /** The time within which failures of one kind are one event. */
  static final Duration ONE_EVENT = Duration.ofSeconds(10);

  /** Statuses that say more of the request than of the network or the server. */
  private static final Set<String> OF_THE_REQUEST =
      Set.of(
          "CANCELLED",
          "INVALID_ARGUMENT",
          "NOT_FOUND",
          "ALREADY_EXISTS",
          "PERMISSION_DENIED",
          "UNAUTHENTICATED",
          "FAILED_PRECONDITION",
          "OUT_OF_RANGE");

  private final Timeline timeline;
  private final Clock clock;

  /** By the id that a process draws at its start: another process begins at zero. */
  private final Map<String, Map<Kind, Counted>> processes = new HashMap<>();

  private record Kind(String role, String service, String code) {}

  /** A count of one process, and the event that tells its newest part. */
  private static final class Counted {
    private long calls;
    private long told;
    private long beganNanos;
    private @Nullable TimelineEvent event;

    Counted(long calls) {
      this.calls = calls;
    }
  }

  FailedCallsRecorder(Timeline timeline, Clock clock) {
    this.timeline = timeline;
    this.clock = clock;
  }

  /**
   * Takes what the processes have counted by now; what they counted before the first look is old.
   */
  void look(List<FleetInstance.InstanceStatus> instances) {
    Set<String> known = new HashSet<>();
    for (FleetInstance.InstanceStatus instance : instances) {
      ProcessReport report = instance.report().orElse(null);
      if (report != null) {
        known.add(report.getId());
        take(instance.address(), report);
      }
    }
    processes.keySet().retainAll(known);
  }

  private void take(String address, ProcessReport report) {
    Map<Kind, Counted> before = processes.get(report.getId());
    Map<Kind, Counted> counts = before == null ? new HashMap<>() : before;
    processes.put(report.getId(), counts);
    for (FailedCalls failed : report.getFailedCallsList()) {
      Kind kind = new Kind(failed.getRole(), failed.getService(), failed.getCode());
      Counted counted = counts.get(kind);
      if (counted == null) {
        counted = new Counted(before == null ? failed.getCalls() : 0);
        counts.put(kind, counted);
      }
      if (failed.getCalls() > counted.calls) {
        tell(address, kind, counted, failed.getCalls() - counted.calls);
        counted.calls = failed.getCalls();
      }
    }
  }

  private void tell(String address, Kind kind, Counted counted, long calls) {
    long nowNanos = clock.nanoTime();
    TimelineEvent earlier = counted.event;
    if (earlier != null && nowNanos - counted.beganNanos < ONE_EVENT.toNanos()) {
      counted.told += calls;
      TimelineEvent grown = event(earlier.at(), address, kind, counted.told);
      timeline.replace(earlier, grown);
      counted.event = grown;
      return;
    }
    counted.told = calls;
    counted.beganNanos = nowNanos;
    TimelineEvent begun = event(clock.wallTime(), address, kind, calls);
    timeline.add(begun);
    counted.event = begun;
  }

  private static TimelineEvent event(Instant at, String address, Kind kind, long calls) {
    return new TimelineEvent(
        at,
        "calls",
        (kind.service().isEmpty() ? "another service" : kind.service())
            + (kind.role().equals("client") ? " called by " : " served by ")
            + address,
        calls + " failed",
        kind.code(),
        !OF_THE_REQUEST.contains(kind.code()));
  }
}
