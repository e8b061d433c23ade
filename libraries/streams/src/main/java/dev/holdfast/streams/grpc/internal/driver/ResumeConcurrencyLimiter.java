package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The pacing of the sessions of one channel that resume together at one server, against a
 * thundering herd. One session asks first, each welcome admits two more, and an attempt without an
 * answer halves the number of concurrent attempts. So a restarted server gets as many attempts as
 * it answers. Attempts beyond that would time out and be repeated. A refusal is an answer: it
 * admits one more.
 *
 * <p>No session waits longer than {@link #LONGEST_WAIT}. Not thread-safe.
 */
@PureCore
final class ResumeConcurrencyLimiter {
  @Limit(
      of = "resumes of one channel at one server that wait for their answers at the same time",
      then = "more of them wait for their turn")
  static final int MAX_AT_ONCE = 256;

  @Limit(
      of = "time that a resume waits for its turn behind others of its channel and server",
      then = "it is tried with them")
  static final Duration LONGEST_WAIT = Duration.ofSeconds(45);

  /**
   * An attempt: it waits, is under way from {@link ResumeConcurrencyLimiter#next} on, and is over.
   */
  static final class ResumePermit {
    private final long sinceNanos;
    private final Runnable begin;
    private boolean begun;
    private boolean over;

    private ResumePermit(long sinceNanos, Runnable begin) {
      this.sinceNanos = sinceNanos;
      this.begin = begin;
    }

    /** The action of the owner when its turn comes. */
    Runnable begin() {
      return begin;
    }
  }

  private final Deque<ResumePermit> waiting = new ArrayDeque<>();
  private int underWay;
  private int atOnce = 1;

  /** Enqueues a turn; {@link #next} returns it when it is due, maybe at once. */
  ResumePermit ask(long nowNanos, Runnable begin) {
    if (isIdle()) {
      // What the server could take the last time says nothing about this one.
      atOnce = 1;
    }
    ResumePermit resumePermit = new ResumePermit(nowNanos, begin);
    waiting.add(resumePermit);
    return resumePermit;
  }

  /** Whose turn it is now; null for nobody's. */
  @Nullable ResumePermit next(long nowNanos) {
    ResumePermit first = first();
    if (first == null) {
      return null;
    }
    boolean waitedLongest = nowNanos - deadlineNanos(first) >= 0;
    if (underWay >= atOnce && !waitedLongest) {
      return null;
    }
    waiting.remove();
    first.begun = true;
    underWay++;
    return first;
  }

  /** The server has let it in. */
  void onWelcome(ResumePermit resumePermit) {
    if (end(resumePermit)) {
      atOnce = Math.min(MAX_AT_ONCE, atOnce + 1);
    }
  }

  /**
   * Ends a turn that the server refused. It does not halve: an instance that leaves refuses many
   * while the others welcome as many, and a full server tells each session when to ask again.
   */
  void onRefused(ResumePermit resumePermit) {
    var unused = end(resumePermit);
  }

  /** Ends a turn that failed or is no longer wanted; harmless after {@link #onWelcome}. */
  void onOver(ResumePermit resumePermit) {
    if (end(resumePermit)) {
      atOnce = Math.max(1, atOnce / 2);
    }
  }

  /** Whether no attempt waits for its turn or its answer. */
  boolean isIdle() {
    return underWay == 0 && first() == null;
  }

  /** When {@link #next} has to be asked again, whatever happens until then. */
  OptionalLong nextDeadlineNanos() {
    ResumePermit first = first();
    return first == null ? OptionalLong.empty() : OptionalLong.of(deadlineNanos(first));
  }

  private @Nullable ResumePermit first() {
    ResumePermit first = waiting.peek();
    while (first != null && first.over) {
      waiting.remove();
      first = waiting.peek();
    }
    return first;
  }

  private static long deadlineNanos(ResumePermit resumePermit) {
    return resumePermit.sinceNanos + LONGEST_WAIT.toNanos();
  }

  /** Whether it was under way until now. */
  private boolean end(ResumePermit resumePermit) {
    boolean was = resumePermit.begun && !resumePermit.over;
    resumePermit.over = true;
    underWay -= was ? 1 : 0;
    return was;
  }
}
