package dev.holdfast.cli.console;

import dev.holdfast.core.Clock;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/** The changes of the last hour, the newest first. Thread-safe. */
final class Timeline {
  static final Duration SPAN = Duration.ofHours(1);

  @Limit(of = "changes that the console keeps for its timeline", then = "the oldest is dropped")
  static final int MAX_EVENTS = 5_000;

  private final Clock clock;
  // Guarded by this.
  private final Deque<TimelineEvent> events = new ArrayDeque<>();
  private long added;

  Timeline(Clock clock) {
    this.clock = clock;
  }

  synchronized void add(TimelineEvent event) {
    if (events.size() >= MAX_EVENTS) {
      events.removeFirst();
    }
    events.addLast(event);
    added++;
  }

  /** How many events were added: unchanged where nothing new is to be shown. */
  synchronized long added() {
    return added;
  }

  /** Puts an event in the place of an earlier one, which may have been dropped. */
  synchronized void replace(TimelineEvent earlier, TimelineEvent event) {
    events.removeLastOccurrence(earlier);
    add(event);
  }

  /** The newest events, at most so many. */
  synchronized List<TimelineEvent> newest(int limit) {
    Instant oldest = clock.wallTime().minus(SPAN);
    events.removeIf(event -> event.at().isBefore(oldest));
    List<TimelineEvent> sorted = new ArrayList<>(events);
    sorted.sort(Comparator.comparing(TimelineEvent::at).reversed());
    return List.copyOf(sorted.subList(0, Math.min(limit, sorted.size())));
  }
}
