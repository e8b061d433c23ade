package dev.holdfast.grpc;

import dev.holdfast.core.Limit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * How many twins may open at once in a process.
 *
 * <p>One suspect endpoint is a race worth running; hundreds at once mean that the network is away,
 * and hundreds of connection attempts would only add to its trouble. The rest wait in the order in
 * which they asked, first twins before those that follow a failed one: a connection that was lost
 * alone must not wait for a rack that is away. At most one turn per endpoint waits, so the queue is
 * as long as the list of endpoints at most. Thread-safe.
 */
final class TwinLimit {
  /** Enough for a rack that vanishes, few enough for a telephone line. */
  @Limit(
      of = "twins of suspect connections opening at once in a process",
      then = "the others wait in their order; their calls go elsewhere or wait unsent")
  static final int DEFAULT_MOST = 32;

  private static final TwinLimit SHARED = new TwinLimit(DEFAULT_MOST);

  private final int most;
  private final ArrayDeque<Turn> first = new ArrayDeque<>();
  private final ArrayDeque<Turn> again = new ArrayDeque<>();
  private int open;

  TwinLimit(int most) {
    if (most < 1) {
      throw new IllegalArgumentException("most: " + most + " (expected: >= 1)");
    }
    this.most = most;
  }

  /** The one of this process. */
  static TwinLimit shared() {
    return SHARED;
  }

  /**
   * Asks for a turn.
   *
   * @param isFirst whether it is the first twin of a race
   * @param begin called once when it has come, at once or later, on the thread that makes room;
   *     never under a lock. It may still come when the turn is closed at that very moment
   */
  Turn request(boolean isFirst, Runnable begin) {
    Turn turn = new Turn(begin);
    synchronized (this) {
      (isFirst ? first : again).add(turn);
    }
    beginNext();
    return turn;
  }

  /** How many hold a turn now. */
  synchronized int open() {
    return open;
  }

  /** How many wait for one. */
  synchronized int waiting() {
    return first.size() + again.size();
  }

  private void beginNext() {
    List<Turn> next = new ArrayList<>();
    synchronized (this) {
      while (open < most && waiting() > 0) {
        Turn turn = (first.isEmpty() ? again : first).remove();
        turn.running = true;
        open++;
        next.add(turn);
      }
    }
    next.forEach(turn -> turn.begin.run());
  }

  /** A place among those that may open a twin, or in the queue for one. */
  final class Turn implements AutoCloseable {
    private final Runnable begin;
    private boolean running;

    private Turn(Runnable begin) {
      this.begin = begin;
    }

    /** Gives the place to the next; calling it again changes nothing. */
    @Override
    public void close() {
      synchronized (TwinLimit.this) {
        if (running) {
          running = false;
          open--;
        } else if (!first.remove(this)) {
          again.remove(this);
        }
      }
      beginNext();
    }
  }
}
