package dev.holdfast.bench.events;

import dev.holdfast.bench.events.EventTally.EventCounts;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Processes of EventSources, which all read from one port. */
final class EventSourceClients {
  private static final Duration PATIENCE = Duration.ofMinutes(8);
  private static final List<String> JVM_OPTIONS = List.of("-Xmx2g", "-XX:+UseParallelGC");

  private final List<ChildJvm> children = new ArrayList<>();

  /**
   * The readers' number and requests.
   *
   * @param readers of all processes
   * @param processes that share them
   * @param intervalMillis between two messages of a stream
   */
  record Size(int readers, int processes, int intervalMillis) {}

  /**
   * Counts at one moment.
   *
   * @param hearing readers that got a message on the response that they read now
   */
  record Snapshot(long hearing, EventCounts counts) {}

  private EventSourceClients() {}

  /** Starts the processes; nothing is opened yet. */
  static EventSourceClients start(
      UnaryOperator<List<String>> place, RunResources runResources, int port, Size size)
      throws IOException {
    EventSourceClients clients = new EventSourceClients();
    for (int i = 0; i < size.processes; i++) {
      int share = size.readers / size.processes + (i < size.readers % size.processes ? 1 : 0);
      clients.children.add(
          runResources.own(
              ChildJvm.startIn(
                  place,
                  "event-sources-" + i,
                  EventSourceProgram.class,
                  JVM_OPTIONS,
                  List.of("" + port, "" + share, "page" + i, "" + size.intervalMillis))));
    }
    return clients;
  }

  /** Opens all streams; each has had a message when it returns. */
  void open() throws IOException, InterruptedException {
    for (ChildJvm each : children) {
      each.send(EventSourceProgram.OPEN);
    }
    for (ChildJvm each : children) {
      each.await(EventSourceProgram.OPEN, PATIENCE);
    }
  }

  /** The counts of all readers. */
  Snapshot snapshot() throws IOException, InterruptedException {
    long hearing = 0;
    EventCounts counts = EventCounts.none();
    for (ChildJvm each : children) {
      each.send(EventSourceProgram.COUNT);
      String line = each.await(EventSourceProgram.COUNT, PATIENCE);
      int space = line.indexOf(' ');
      hearing += Long.parseLong(line.substring(0, space));
      counts = counts.plus(EventCounts.parse(line.substring(space + 1)));
    }
    return new Snapshot(hearing, counts);
  }

  void close() throws InterruptedException {
    for (ChildJvm each : children) {
      each.close();
    }
  }
}
