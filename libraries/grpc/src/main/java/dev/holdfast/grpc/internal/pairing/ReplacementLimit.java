package dev.holdfast.grpc.internal.pairing;

import dev.holdfast.core.annotation.Limit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The limit on concurrent replacement connections of a process.
 *
 * <p>Hundreds of suspect endpoints at once mean that the network is down, and as many connection
 * attempts would add to its load. Requests beyond the limit wait in FIFO order, first replacements
 * before those that follow a failed one, so that a single lost connection does not wait behind a
 * lost rack. Each endpoint has at most one waiting request, which bounds the queue. Thread-safe.
 */
public final class ReplacementLimit {
  /** Enough for a rack that vanishes, few enough for a telephone line. */
  @Limit(
      of = "replacements of suspect connections opening at once in a process",
      then = "the others wait in their order; their calls go elsewhere or wait unsent")
  public static final int DEFAULT_MOST = 32;

  private static final ReplacementLimit SHARED = new ReplacementLimit(DEFAULT_MOST);

  private final int most;
  private final ArrayDeque<ReplacementPermit> first = new ArrayDeque<>();
  private final ArrayDeque<ReplacementPermit> again = new ArrayDeque<>();
  private int open;

  public ReplacementLimit(int most) {
    if (most < 1) {
      throw new IllegalArgumentException("most: " + most + " (expected: >= 1)");
    }
    this.most = most;
  }

  /** The one of this process. */
  public static ReplacementLimit shared() {
    return SHARED;
  }

  /**
   * Requests a turn to open a replacement.
   *
   * @param isFirst whether this is the first replacement of a race
   * @param begin called once when the turn comes, now or later, on the thread that frees a turn;
   *     never under a lock. A concurrent close of the turn may not prevent the call
   */
  ReplacementPermit request(boolean isFirst, Runnable begin) {
    ReplacementPermit replacementPermit = new ReplacementPermit(begin);
    synchronized (this) {
      (isFirst ? first : again).add(replacementPermit);
    }
    beginNext();
    return replacementPermit;
  }

  /** The number of turns in use. */
  public synchronized int open() {
    return open;
  }

  /** The number of waiting requests. */
  public synchronized int waiting() {
    return first.size() + again.size();
  }

  private void beginNext() {
    List<ReplacementPermit> next = new ArrayList<>();
    synchronized (this) {
      while (open < most && waiting() > 0) {
        ReplacementPermit replacementPermit = (first.isEmpty() ? again : first).remove();
        replacementPermit.running = true;
        open++;
        next.add(replacementPermit);
      }
    }
    next.forEach(replacementPermit -> replacementPermit.begin.run());
  }

  /** A place among those that may open a replacement, or in the queue for one. */
  final class ReplacementPermit implements AutoCloseable {
    private final Runnable begin;
    private boolean running;

    private ReplacementPermit(Runnable begin) {
      this.begin = begin;
    }

    /** Gives the place to the next; calling it again changes nothing. */
    @Override
    public void close() {
      synchronized (ReplacementLimit.this) {
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
