package dev.holdfast.lab.dns;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.util.NetUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * The records of a {@link DnsServer}, by name. Changes take effect with the next query.
 * Thread-safe.
 */
public final class DnsZone {
  /** A chain of aliases is followed no further. */
  @Limit(
      of = "aliases that the DNS server of the lab follows for one answer",
      then = "the answer ends with the last of them")
  static final int MAX_ALIASES = 16;

  /** The data of an SRV record. */
  public record SrvRecordContent(int priority, int weight, int port, String target) {}

  private final Map<String, List<DnsRecord>> records = new HashMap<>();
  private Duration negativeTtl = Duration.ZERO;
  private boolean additional;
  private boolean aliasTargets = true;

  /** Replaces the addresses of a name, IPv4 and IPv6; without any, the name exists all the same. */
  public synchronized DnsZone addresses(String name, Duration ttl, String... addresses) {
    List<DnsRecord> list = of(name);
    list.removeIf(r -> r.type() == DnsType.A || r.type() == DnsType.AAAA);
    for (String address : addresses) {
      byte[] content = NetUtil.createByteArrayFromIpAddressString(address);
      if (content == null) {
        throw new IllegalArgumentException("address: " + address + " (expected: an IP address)");
      }
      DnsType type = content.length == 4 ? DnsType.A : DnsType.AAAA;
      list.add(new DnsRecord(canonical(name), type, ttl, content));
    }
    return this;
  }

  /** Makes a name an alias of another. */
  public synchronized DnsZone alias(String name, Duration ttl, String target) {
    List<DnsRecord> list = of(name);
    list.clear();
    list.add(new DnsRecord(canonical(name), DnsType.CNAME, ttl, nameBytes(target)));
    return this;
  }

  /** Replaces the SRV records of a name. */
  public synchronized DnsZone services(String name, Duration ttl, SrvRecordContent... services) {
    List<DnsRecord> list = of(name);
    list.removeIf(r -> r.type() == DnsType.SRV);
    for (SrvRecordContent srvData : services) {
      ByteBuf content = Unpooled.buffer();
      content.writeShort(srvData.priority());
      content.writeShort(srvData.weight());
      content.writeShort(srvData.port());
      content.writeBytes(nameBytes(srvData.target()));
      list.add(new DnsRecord(canonical(name), DnsType.SRV, ttl, ByteBufUtil.getBytes(content)));
    }
    return this;
  }

  /** Deletes a name, which then does not exist. */
  public synchronized DnsZone remove(String name) {
    records.remove(canonical(name));
    return this;
  }

  /** How long the answer that there is nothing may be kept; unsaid (no SOA record) by default. */
  public synchronized DnsZone negativeTtl(Duration ttl) {
    negativeTtl = ttl;
    return this;
  }

  /** Whether the addresses of the hosts in SRV records are sent along; not by default. */
  public synchronized DnsZone sendAdditional(boolean value) {
    additional = value;
    return this;
  }

  /** Whether the records of an alias's target are sent along, as caching servers do; by default. */
  public synchronized DnsZone sendAliasTargets(boolean value) {
    aliasTargets = value;
    return this;
  }

  /** The answer to a question. */
  synchronized ZoneAnswer answer(String name, int typeCode) {
    List<DnsRecord> answers = new ArrayList<>();
    String current = canonical(name);
    boolean exists = false;
    for (int i = 0; i < MAX_ALIASES; i++) {
      List<DnsRecord> list = records.get(current);
      exists = list != null;
      if (list == null) {
        break;
      }
      list.stream().filter(r -> r.type().code() == typeCode).forEach(answers::add);
      DnsRecord alias =
          list.stream().filter(r -> r.type() == DnsType.CNAME).findFirst().orElse(null);
      if (alias == null || typeCode == DnsType.CNAME.code()) {
        break;
      }
      answers.add(alias);
      if (!aliasTargets) {
        break;
      }
      current = DnsWire.readName(alias.content());
    }
    return new ZoneAnswer(exists, answers, additionalTo(answers), negativeTtl);
  }

  /**
   * The answer of the zone to a query.
   *
   * @param exists whether the name exists, after all aliases
   * @param answers the records of the queried type, and the aliases on the way
   * @param additional the records of the additional section
   * @param negativeTtl the TTL of a negative answer; zero for an answer without an SOA record
   */
  record ZoneAnswer(
      boolean exists, List<DnsRecord> answers, List<DnsRecord> additional, Duration negativeTtl) {}

  static String canonical(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }

  private List<DnsRecord> of(String name) {
    return records.computeIfAbsent(canonical(name), n -> new ArrayList<>());
  }

  private List<DnsRecord> additionalTo(List<DnsRecord> answers) {
    if (!additional) {
      return List.of();
    }
    return answers.stream()
        .filter(r -> r.type() == DnsType.SRV)
        .map(r -> DnsWire.readName(r.content().skipBytes(6)))
        .distinct()
        .map(records::get)
        .filter(Objects::nonNull)
        .flatMap(List::stream)
        .filter(r -> r.type() == DnsType.A || r.type() == DnsType.AAAA)
        .toList();
  }

  private static byte[] nameBytes(String name) {
    ByteBuf out = Unpooled.buffer();
    DnsWire.writeName(out, canonical(name));
    return ByteBufUtil.getBytes(out);
  }
}
