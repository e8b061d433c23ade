package dev.holdfast.lab.dns;

import java.time.Duration;

/**
 * A fault that a {@link DnsServer} injects into its answers.
 *
 * @param kind the kind of fault
 * @param delay the delay of each answer, right or wrong
 * @param queries how many queries the fault affects; {@link #UNTIL_HEALED} by default
 */
public record DnsFault(DnsFaultKind kind, Duration delay, int queries) {
  /** The fault stays until {@link DnsServer#heal()}. */
  public static final int UNTIL_HEALED = Integer.MAX_VALUE;

  /** The kinds of faults, after the delay. */
  public enum DnsFaultKind {
    /** No fault but the delay. */
    NOTHING,
    /** Answers with the response code SERVFAIL. */
    SERVFAIL,
    /** Answers with the response code REFUSED. */
    REFUSED,
    /** Answers NXDOMAIN: the name does not exist. */
    NXDOMAIN,
    /** Answers NODATA: the name exists, but has no record of that type. */
    NODATA,
    /** Never answers, over UDP or TCP. */
    SILENCE,
    /** Answers over UDP with the truncation flag, so that the client repeats the query over TCP. */
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
  public static DnsFault of(DnsFaultKind dnsFaultKind) {
    return new DnsFault(dnsFaultKind, Duration.ZERO, UNTIL_HEALED);
  }

  /** Right answers that come late. */
  public static DnsFault delayed(Duration delay) {
    return of(DnsFaultKind.NOTHING).after(delay);
  }

  public DnsFault after(Duration value) {
    return new DnsFault(kind, value, queries);
  }

  /** This fault, limited to a number of queries. */
  public DnsFault forQueries(int value) {
    return new DnsFault(kind, delay, value);
  }
}
