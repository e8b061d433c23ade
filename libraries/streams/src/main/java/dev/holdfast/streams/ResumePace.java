package dev.holdfast.streams;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The pacing of the sessions of one channel that resume together, against a thundering herd. One
 * session asks first, each welcome admits two more, and a failed attempt halves the number of
 * concurrent attempts. So a restarted server gets as many attempts as it answers. Attempts beyond
 * that would time out and be repeated.
 *
 * <p>No session waits longer than {@link #LONGEST_WAIT}. Not thread-safe.
 */
@PureCore
public final class ResumePace {
  @Limit(
      of = "resumes of one channel that wait for their answers at the same time",
      then = "more of them wait for their turn")
  static final int MAX_AT_ONCE = 256;

  @Limit(
      of = "time that a resume waits for its turn behind others of its channel",
      then = "it is tried with them")
  static final Duration LONGEST_WAIT = Duration.ofSeconds(45);

  /** An attempt: it waits, is under way from {@link ResumePace#next} on, and is over. */
  public static final class Turn {
    private final long sinceNanos;
    private final Runnable begin;
    private boolean begun;
    private boolean over;

    private Turn(long sinceNanos, Runnable begin) {
      this.sinceNanos = sinceNanos;
      this.begin = begin;
    }

    /** The action of the owner when its turn comes. */
    public Runnable begin() {
      return begin;
    }
  }

  private final Deque<Turn> waiting = new ArrayDeque<>();
  private int underWay;
  private int atOnce = 1;

  /** Enqueues a turn; {@link #next} returns it when it is due, maybe at once. */
  public Turn ask(long nowNanos, Runnable begin) {
    if (underWay == 0 && waiting.isEmpty()) {
      // What the server could take the last time says nothing about this one.
      atOnce = 1;
    }
    Turn turn = new Turn(nowNanos, begin);
    waiting.add(turn);
    return turn;
  }

  /** Whose turn it is now; null for nobody's. */
  public @Nullable Turn next(long nowNanos) {
    Turn first = first();
    boolean may = underWay < atOnce || Due.isOver(nowNanos, deadlineOf(first));
    if (first == null || !may) {
      return null;
    }
    waiting.remove();
    first.begun = true;
    underWay++;
    return first;
  }

  /** The server has let it in. */
  public void onWelcome(Turn turn) {
    if (end(turn)) {
      atOnce = Math.min(MAX_AT_ONCE, atOnce + 1);
    }
  }

  /** Ends a turn that failed or is no longer wanted; harmless after {@link #onWelcome}. */
  public void onOver(Turn turn) {
    if (end(turn)) {
      atOnce = Math.max(1, atOnce / 2);
    }
  }

  /** When {@link #next} has to be asked again, whatever happens until then. */
  public OptionalLong nextDeadlineNanos() {
    Due due = new Due();
    due.at(deadlineOf(first()));
    return due.earliest();
  }

  private @Nullable Turn first() {
    Turn first = waiting.peek();
    while (first != null && first.over) {
      waiting.remove();
      first = waiting.peek();
    }
    return first;
  }

  private static @Nullable Long deadlineOf(@Nullable Turn turn) {
    return turn == null ? null : turn.sinceNanos + LONGEST_WAIT.toNanos();
  }

  /** Whether it was under way until now. */
  private boolean end(Turn turn) {
    boolean was = turn.begun && !turn.over;
    turn.over = true;
    underWay -= was ? 1 : 0;
    return was;
  }
}
