package dev.holdfast.lab.dns;

/** The types of records that {@link DnsServer} knows, with their numbers on the wire. */
public enum DnsType {
  A(1),
  CNAME(5),
  SOA(6),
  AAAA(28),
  SRV(33),
  OPT(41);

  private final int code;

  DnsType(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
