package dev.holdfast.registry.dns;

import dev.holdfast.core.Limit;
import java.time.Duration;
import java.util.List;
import org.xbill.DNS.Record;

/**
 * What a name server said to one question; that there is nothing is an answer too.
 *
 * @param nameExists whether there is such a name, with records of this type or not
 * @param records those asked for, aliases resolved
 * @param additional what was sent along
 * @param ttl how long it may be kept
 */
record DnsAnswer(boolean nameExists, List<Record> records, List<Record> additional, Duration ttl) {
  /** For how long it is believed that there is nothing, when the server does not say. */
  @Limit(of = "life of an answer that there is nothing, without an SOA", then = "it is asked again")
  static final Duration NEGATIVE_TTL = Duration.ofSeconds(5);

  boolean isFound() {
    return !records.isEmpty();
  }
}
