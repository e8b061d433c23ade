package dev.holdfast.registry.dns;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;

/**
 * A parser of DNS answers that follows aliases and takes the shortest TTL on the way, which
 * dnsjava's own lookup does not report.
 */
final class AnswerReader {
  @Limit(of = "aliases followed within one answer", then = "the answer counts as failed")
  private static final int MAX_ALIASES = 16;

  private AnswerReader() {}

  /**
   * The outcome of reading a DNS message: a complete answer, or an alias to resolve next.
   *
   * @param answer the answer, if it is complete
   * @param next the alias whose records are missing from the message and must be queried, or null
   * @param ttl the shortest TTL so far
   */
  record ParsedAnswer(Optional<DnsAnswer> answer, @Nullable Name next, Duration ttl) {}

  /**
   * Reads a message with code NOERROR or NXDOMAIN.
   *
   * @param ttlSoFar the shortest TTL of the aliases that led to this question
   */
  static ParsedAnswer read(Message message, Name asked, int type, Duration ttlSoFar) {
    Name current = asked;
    Duration ttl = ttlSoFar;
    for (int i = 0; i < MAX_ALIASES; i++) {
      List<Record> found = records(message, current, type);
      if (!found.isEmpty()) {
        for (Record record : found) {
          ttl = shorter(ttl, Duration.ofSeconds(record.getTTL()));
        }
        return complete(new DnsAnswer(true, found, message.getSection(Section.ADDITIONAL), ttl));
      }
      CNAMERecord alias = alias(message, current);
      if (alias == null) {
        break;
      }
      ttl = shorter(ttl, Duration.ofSeconds(alias.getTTL()));
      current = alias.getTarget();
    }
    if (message.getRcode() == Rcode.NOERROR && !current.equals(asked)) {
      return new ParsedAnswer(Optional.empty(), current, ttl);
    }
    return complete(
        new DnsAnswer(
            message.getRcode() == Rcode.NOERROR,
            List.of(),
            List.of(),
            shorter(ttl, negativeTtl(message))));
  }

  private static ParsedAnswer complete(DnsAnswer answer) {
    return new ParsedAnswer(Optional.of(answer), null, answer.ttl());
  }

  private static List<Record> records(Message message, Name name, int type) {
    List<Record> found = new ArrayList<>();
    for (Record record : message.getSection(Section.ANSWER)) {
      if (record.getType() == type && record.getName().equals(name)) {
        found.add(record);
      }
    }
    return found;
  }

  private static @Nullable CNAMERecord alias(Message message, Name name) {
    for (Record record : message.getSection(Section.ANSWER)) {
      if (record instanceof CNAMERecord alias && alias.getName().equals(name)) {
        return alias;
      }
    }
    return null;
  }

  // RFC 2308: the lower of the SOA's own TTL and its last field.
  private static Duration negativeTtl(Message message) {
    for (Record record : message.getSection(Section.AUTHORITY)) {
      if (record instanceof SOARecord authority) {
        return Duration.ofSeconds(Math.min(authority.getTTL(), authority.getMinimum()));
      }
    }
    return DnsAnswer.NEGATIVE_TTL;
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }
}
