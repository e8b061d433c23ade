package dev.holdfast.registry.dns;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.List;
import org.xbill.DNS.Record;

/**
 * The answer of a name server to one query, positive or negative.
 *
 * @param nameExists whether the name exists, with records of this type or without
 * @param records the records of the queried type, after aliases were resolved; empty for a negative
 *     answer
 * @param additional the records of the additional section
 * @param ttl how long the answer may be kept
 */
record DnsAnswer(boolean nameExists, List<Record> records, List<Record> additional, Duration ttl) {
  /** The TTL of a negative answer without an SOA record. */
  @Limit(of = "life of an answer that there is nothing, without an SOA", then = "it is asked again")
  static final Duration NEGATIVE_TTL = Duration.ofSeconds(5);

  boolean isFound() {
    return !records.isEmpty();
  }
}
