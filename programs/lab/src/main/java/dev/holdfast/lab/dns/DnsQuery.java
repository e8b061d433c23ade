package dev.holdfast.lab.dns;

/**
 * A question that {@link DnsServer} was asked.
 *
 * @param name what was asked for, lower case, without the dot at the end
 * @param typeCode the type's number on the wire
 * @param tcp whether it came over TCP
 * @param edns whether it came with an OPT record
 * @param arrivedNanos when, on {@link System#nanoTime()}
 */
public record DnsQuery(String name, int typeCode, boolean tcp, boolean edns, long arrivedNanos) {

  public boolean isFor(String wantedName, DnsType type) {
    return name.equals(DnsZone.canonical(wantedName)) && typeCode == type.code();
  }
}
