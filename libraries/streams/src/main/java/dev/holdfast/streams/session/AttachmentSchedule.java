package dev.holdfast.streams.session;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The schedule of a client's attachment attempts: the time, the address and the number of the next
 * one, and when to give up.
 *
 * <p>The delays have full jitter, plus the server's spread. Only a message that was acknowledged or
 * is new resets the backoff.
 */
@PureCore
final class AttachmentSchedule {
  @Limit(
      of = "redirections to another instance in a row",
      then = "the next attempt waits its delay")
  static final int MAX_MOVES = 3;

  @Limit(
      of = "doublings of the time that a resume may wait for its answer, one for each in silence",
      then = "it stays as it is")
  static final int MAX_PATIENCE_DOUBLINGS = 2;

  @Limit(
      of =
          "pause between an attempt that failed and the next one, when a server that may be reached"
              + " again brings it forward",
      then = "the next attempt waits so long")
  static final Duration LEAST_PAUSE = Duration.ofSeconds(2);

  /** An outage that is shorter is no news. */
  static final Duration TELL_AFTER = Duration.ofSeconds(2);

  private final SessionOptions.Timing timing;
  private final RandomGenerator random;
  private final Backoff backoff;
  private Duration ttl;
  private long numbers;
  private long spreadMillis;
  private String address = "";
  private int moves;
  private int silences;
  private @Nullable Long retryNanos;

  /** How far the next attempt can be brought forward. */
  private long earliestNanos;

  private @Nullable Long aloneNanos;

  AttachmentSchedule(SessionOptions.Timing timing, RandomGenerator random) {
    this.timing = timing;
    this.random = random;
    this.backoff = new Backoff(timing.backoff(), random);
    this.ttl = timing.ttl();
  }

  /** A new attachment, with a number above all before. */
  StreamAttachment next(long nowNanos) {
    retryNanos = null;
    numbers++;
    return StreamAttachment.ofClient(
        numbers, random.nextLong(1, FrameHeader.HIGHEST_TAG + 1), nowNanos);
  }

  /** The address of the next attempt; "" for the channel's own choice. */
  String address() {
    return address;
  }

  /** The next attempt goes wherever the channel leads, and the ones before say nothing of it. */
  void beginElsewhere() {
    onFailed();
    backoff.reset();
  }

  void onProgress() {
    backoff.reset();
  }

  void onWelcome(Welcome welcome) {
    ttl = Duration.ofMillis(welcome.ttlMillis());
    spreadMillis = welcome.spreadMillis();
    onAnswered();
  }

  /** A peer took the attachment. */
  void onAnswered() {
    retryNanos = null;
    aloneNanos = null;
    moves = 0;
    silences = 0;
  }

  /** A resume was not answered in time: a server with many of them needs more. */
  void onSilence() {
    silences = Math.min(MAX_PATIENCE_DOUBLINGS, silences + 1);
  }

  /** The most time between an attachment's begin and its welcome. */
  Duration handshake() {
    return timing.handshake().multipliedBy(1L << silences);
  }

  /** Whether a redirection is followed at once. */
  boolean follow(String newAddress) {
    moves++;
    address = newAddress;
    return moves <= MAX_MOVES;
  }

  /** An attempt failed: the next one is wherever the channel leads. */
  void onFailed() {
    address = "";
    moves = 0;
  }

  /** There is no attachment from now on. */
  void alone(long nowNanos) {
    if (aloneNanos == null) {
      aloneNanos = nowNanos;
    }
  }

  /** The next attempt is due after a delay. */
  void later(long nowNanos, Duration atLeast) {
    long delay = delayNanos();
    long asked = atLeast.toNanos() + spreadNanos();
    retryNanos = nowNanos + asked + delay;
    earliestNanos = nowNanos + Math.max(asked, LEAST_PAUSE.toNanos());
  }

  /** The server can be reached: the delay that outages made is not waited for. */
  void bringForward(long nowNanos) {
    long atNanos = nowNanos - earliestNanos >= 0 ? nowNanos : earliestNanos;
    if (retryNanos != null && retryNanos - atNanos > 0) {
      retryNanos = atNanos;
    }
  }

  /** A working attachment is to be replaced: at once, or within the server's spread. */
  void soon(long nowNanos) {
    retryNanos = nowNanos + spreadNanos();
  }

  /** The next attempt is due at once. */
  void now(long nowNanos) {
    retryNanos = nowNanos;
  }

  /** The delay before the next attempt; counts as one more that failed. */
  long delayNanos() {
    return backoff.next().toNanos();
  }

  boolean isDue(long nowNanos) {
    return EarliestDeadline.isOver(nowNanos, retryNanos);
  }

  /** Whether there has been no attachment for so long that the application should know. */
  boolean isWaiting(long nowNanos) {
    return aloneNanos != null && nowNanos - aloneNanos >= TELL_AFTER.toNanos();
  }

  /** The time until attempts end. */
  Duration left(long nowNanos) {
    long alone = aloneNanos == null ? 0 : nowNanos - aloneNanos;
    return patience().minusNanos(Math.min(alone, patience().toNanos()));
  }

  /** Whether a server would no longer hold the session, with one attempt more. */
  boolean isHopeless(long nowNanos) {
    return aloneNanos != null && nowNanos - aloneNanos >= patience().toNanos();
  }

  Duration ttl() {
    return ttl;
  }

  void addDeadlines(EarliestDeadline earliestDeadline, boolean opening, boolean told) {
    if (aloneNanos != null && !told) {
      earliestDeadline.after(aloneNanos, TELL_AFTER);
    }
    if (!opening) {
      earliestDeadline.at(retryNanos);
    }
    if (aloneNanos != null) {
      earliestDeadline.after(aloneNanos, patience());
    }
  }

  private Duration patience() {
    return ttl.plus(timing.backoff().cap()).plus(timing.handshake());
  }

  private long spreadNanos() {
    return random.nextLong(Duration.ofMillis(spreadMillis).toNanos() + 1);
  }
}
