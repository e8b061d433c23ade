package dev.holdfast.registry.dns;

import dev.holdfast.core.Endpoint;
import java.util.ArrayList;
import java.util.List;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;

/** The parser of SRV records (RFC 2782). */
final class SrvRecords {

  private SrvRecords() {}

  /**
   * A host that gives the service.
   *
   * @param name its name
   * @param port where it listens
   * @param weight its share of calls, 1 to 10,000
   * @param addresses its addresses, if they were sent along
   */
  record SrvTarget(Name name, int port, int weight, List<Record> addresses) {}

  /**
   * The hosts of the lowest priority: the others are for when all of these are gone, and whether
   * they are is not for DNS to say. A target of "." means that the service is not given; its record
   * is left out.
   */
  static List<SrvTarget> preferred(DnsAnswer answer) {
    List<SRVRecord> all = new ArrayList<>();
    for (Record record : answer.records()) {
      if (record instanceof SRVRecord service
          && !service.getTarget().equals(Name.root)
          && service.getPort() > 0) {
        all.add(service);
      }
    }
    int lowest = all.stream().mapToInt(SRVRecord::getPriority).min().orElse(0);
    List<SRVRecord> preferred = all.stream().filter(s -> s.getPriority() == lowest).toList();
    int highestWeight = preferred.stream().mapToInt(SRVRecord::getWeight).max().orElse(0);
    return preferred.stream()
        .map(
            service ->
                new SrvTarget(
                    service.getTarget(),
                    service.getPort(),
                    weight(service.getWeight(), highestWeight),
                    addresses(answer, service.getTarget())))
        .toList();
  }

  // SRV weights go from 0 to 65535, ours from 1 to 10000; shares stay as they are.
  private static int weight(int weight, int highest) {
    long scaled =
        highest <= Endpoint.MAX_WEIGHT ? weight : (long) weight * Endpoint.MAX_WEIGHT / highest;
    return (int) Math.max(1, scaled);
  }

  private static List<Record> addresses(DnsAnswer answer, Name host) {
    return answer.additional().stream()
        .filter(record -> record instanceof ARecord || record instanceof AAAARecord)
        .filter(record -> record.getName().equals(host))
        .toList();
  }
}
