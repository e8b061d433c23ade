package dev.holdfast.cli.console;

import dev.holdfast.cli.fleet.FleetInstance;
import dev.holdfast.cli.fleet.FleetQuery;
import dev.holdfast.cli.fleet.FleetReader;
import dev.holdfast.cli.fleet.FleetRow;
import dev.holdfast.cli.fleet.FleetServices;
import dev.holdfast.cli.fleet.FleetSnapshot;
import dev.holdfast.cli.fleet.FleetView;
import dev.holdfast.cli.output.EndpointChange;
import dev.holdfast.cli.output.EndpointChangeTracker;
import dev.holdfast.core.Clock;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The recorder of what changes: lists of the registry as they come, and at each look processes that
 * fall silent, connections that have closed, streams that have ended and calls that have failed.
 *
 * <p>Endpoints may come from any thread; the rest is confined to the thread of the feed.
 */
final class TimelineRecorder implements FleetServices.EndpointsObserver {
  @Limit(
      of = "closed connections, and ended streams, that one look adds to the timeline",
      then = "the older ones are left out")
  static final int MAX_PER_LOOK = 200;

  @Limit(
      of = "closed connections, and ended streams, that the timeline knows again",
      then = "the oldest is forgotten; it is no longer among those that a look has")
  static final int MAX_SEEN = 20_000;

  private final Timeline timeline;
  private final Clock clock;
  private final Map<ServiceName, EndpointChangeTracker> trackers = new HashMap<>();
  private final Set<String> silent = new HashSet<>();
  private final Set<String> seenClosed = recent();
  private final Set<String> seenEnded = recent();
  private final FailedCallsRecorder failures;

  TimelineRecorder(Timeline timeline, Clock clock) {
    this.timeline = timeline;
    this.clock = clock;
    this.failures = new FailedCallsRecorder(timeline, clock);
  }

  @Override
  public synchronized void onEndpoints(ServiceName service, EndpointSet endpoints) {
    trackers
        .computeIfAbsent(service, name -> new EndpointChangeTracker())
        .onEndpoints(endpoints, clock.nanoTime())
        .forEach(aged -> add(service, aged.change()));
  }

  private void add(ServiceName service, EndpointChange change) {
    if (change.kind() == EndpointChange.EndpointChangeKind.PRESENT
        || change.kind() == EndpointChange.EndpointChangeKind.METADATA) {
      return;
    }
    boolean lost =
        change.kind() == EndpointChange.EndpointChangeKind.REMOVED && !change.endpoint().draining();
    timeline.add(
        new TimelineEvent(
            clock.wallTime(),
            "endpoint",
            service.name() + " " + change.endpoint().address(),
            change.kind().name().toLowerCase(java.util.Locale.ROOT),
            change.cause(),
            lost));
  }

  /** Asks what has closed and ended since the last look. */
  void look(FleetReader reader) throws InterruptedException {
    FleetSnapshot closed = reader.read(FleetQuery.of(FleetView.CLOSED, List.of(), MAX_PER_LOOK));
    processes(closed.instances());
    failures.look(closed.instances());
    fresh(closed, seenClosed)
        .forEach(
            row ->
                add(
                    row,
                    "connection",
                    "closed_ms",
                    row.values().get("peer") + " at " + row.values().get("local"),
                    text(row, "code"),
                    text(row, "explanation"),
                    false));
    FleetSnapshot ended = reader.read(FleetQuery.of(FleetView.ENDED, List.of(), MAX_PER_LOOK));
    fresh(ended, seenEnded)
        .forEach(
            row ->
                add(
                    row,
                    "stream",
                    "ended_ms",
                    text(row, "method") + " of " + text(row, "peer"),
                    text(row, "end"),
                    text(row, "last_cause"),
                    Boolean.TRUE.equals(row.values().get("lost"))));
  }

  private void processes(List<FleetInstance.InstanceStatus> instances) {
    for (FleetInstance.InstanceStatus instance : instances) {
      boolean answers = instance.silentFor().isEmpty();
      if (answers ? silent.remove(instance.address()) : silent.add(instance.address())) {
        timeline.add(
            new TimelineEvent(
                clock.wallTime(),
                "process",
                instance.address(),
                answers ? "answers" : "silent",
                instance.cause(),
                !answers));
      }
    }
  }

  /** The rows that no look has had. */
  private static List<FleetRow> fresh(FleetSnapshot snapshot, Set<String> seen) {
    return snapshot.rows().stream()
        .filter(row -> seen.add(row.source() + " " + row.values().get("id")))
        .toList();
  }

  private static Set<String> recent() {
    return Collections.newSetFromMap(
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MAX_SEEN;
          }
        });
  }

  private void add(
      FleetRow row,
      String kind,
      String time,
      String subject,
      String what,
      String detail,
      boolean trouble) {
    timeline.add(
        new TimelineEvent(
            Instant.ofEpochMilli(number(row, time)), kind, subject, what, detail, trouble));
  }

  private static long number(FleetRow row, String field) {
    return row.values().get(field) instanceof Number number ? number.longValue() : 0;
  }

  private static String text(FleetRow row, String field) {
    return String.valueOf(row.values().getOrDefault(field, ""));
  }
}
