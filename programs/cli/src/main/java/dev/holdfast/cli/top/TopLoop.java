package dev.holdfast.cli.top;

import dev.holdfast.cli.fleet.FleetQuery;
import dev.holdfast.cli.fleet.FleetView;
import dev.holdfast.core.Clock;
import java.time.Duration;
import java.util.Optional;

/**
 * The loop of the display: asks the fleet at an interval and after each key, and changes the view
 * as the keys say. It ends with {@code q}. Time comes from the clock and passes in the source of
 * keys. Not thread-safe.
 */
final class TopLoop {
  private final Clock clock;
  private final Duration interval;
  private final KeySource keys;
  private FleetQuery query;

  /** A source of keys. */
  @FunctionalInterface
  interface KeySource {
    /** The next key; empty when none is pressed in time. */
    Optional<Character> next(Duration patience) throws InterruptedException;
  }

  /** A turn of the loop: asks and shows. */
  @FunctionalInterface
  interface Turn {
    /** Returns whether somebody still looks. */
    boolean show(FleetQuery query) throws InterruptedException;
  }

  TopLoop(Clock clock, Duration interval, KeySource keys, FleetQuery first) {
    this.clock = clock;
    this.interval = interval;
    this.keys = keys;
    this.query = first;
  }

  void run(Turn turn) throws InterruptedException {
    boolean looking = true;
    while (looking) {
      long begunNanos = clock.nanoTime();
      looking = turn.show(query) && awaitNext(begunNanos);
    }
  }

  /** Waits for the next turn; false when the user leaves. */
  private boolean awaitNext(long begunNanos) throws InterruptedException {
    while (true) {
      long leftNanos = begunNanos + interval.toNanos() - clock.nanoTime();
      if (leftNanos <= 0) {
        return true;
      }
      Optional<Character> key = keys.next(Duration.ofNanos(leftNanos));
      if (key.isEmpty()) {
        continue;
      }
      if (key.get() == 'q') {
        return false;
      }
      FleetQuery next = after(query, key.get());
      if (!next.equals(query)) {
        query = next;
        return true;
      }
    }
  }

  private static FleetQuery after(FleetQuery query, char key) {
    for (FleetView view : FleetView.values()) {
      if (view.key() == key) {
        return query.in(view);
      }
    }
    return switch (key) {
      case '<' -> query.sortMoved(-1);
      case '>' -> query.sortMoved(1);
      case 'r' -> query.reversed();
      default -> query;
    };
  }
}
