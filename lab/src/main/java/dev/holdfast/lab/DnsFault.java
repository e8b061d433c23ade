package dev.holdfast.lab;

import java.time.Duration;

/**
 * What {@link DnsServer} does instead of answering well.
 *
 * @param kind what is wrong
 * @param delay how long it takes before it answers, right or wrong
 * @param queries how many queries it concerns; {@link #UNTIL_HEALED} by default
 */
public record DnsFault(Kind kind, Duration delay, int queries) {
  /** The fault stays until {@link DnsServer#heal()}. */
  public static final int UNTIL_HEALED = Integer.MAX_VALUE;

  /** What is wrong. */
  public enum Kind {
    /** Nothing: for delays. */
    NOTHING,
    /** Answers SERVFAIL. */
    SERVFAIL,
    /** Answers REFUSED. */
    REFUSED,
    /** Says that the name does not exist. */
    NXDOMAIN,
    /** Says that the name exists, but has no record of that type. */
    NODATA,
    /** Does not answer. */
    SILENCE,
    /** Answers over UDP that the answer is too long for UDP. */
    TRUNCATED,
    /** Does not answer over TCP; over UDP as {@link #TRUNCATED}. */
    TRUNCATED_WITHOUT_TCP,
    /** Answers FORMERR to queries with an OPT record, as servers from before 1999 do. */
    NO_EDNS,
    /** Answers with bytes that are no DNS message. */
    GARBAGE
  }

  public DnsFault {
    if (delay.isNegative()) {
      throw new IllegalArgumentException("delay: " + delay + " (expected: >= 0)");
    }
    if (queries < 1) {
      throw new IllegalArgumentException("queries: " + queries + " (expected: >= 1)");
    }
  }

  /** A fault that begins at once and stays. */
  public static DnsFault of(Kind kind) {
    return new DnsFault(kind, Duration.ZERO, UNTIL_HEALED);
  }

  /** Right answers that come late. */
  public static DnsFault delayed(Duration delay) {
    return of(Kind.NOTHING).after(delay);
  }

  public DnsFault after(Duration value) {
    return new DnsFault(kind, value, queries);
  }

  /** The same for so many queries; then all is well again. */
  public DnsFault forQueries(int value) {
    return new DnsFault(kind, delay, value);
  }
}
