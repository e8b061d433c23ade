package dev.holdfast.lab.dns;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The wire format of DNS messages (RFC 1035), written by hand: a test kit must be able to send
 * messages that a library would refuse to build. Names are written without compression.
 */
final class DnsWire {
  static final int NOERROR = 0;
  static final int FORMERR = 1;
  static final int SERVFAIL = 2;
  static final int NXDOMAIN = 3;
  static final int REFUSED = 5;

  /** The largest answer over UDP to a query without an OPT record, in bytes. */
  static final int PLAIN_UDP_BYTES = 512;

  private static final int CLASS_IN = 1;
  private static final int FLAG_RESPONSE = 0x8000;
  private static final int FLAG_AUTHORITATIVE = 0x0400;
  private static final int FLAG_TRUNCATED = 0x0200;
  private static final int FLAG_RECURSION_DESIRED = 0x0100;
  private static final int FLAG_RECURSION_AVAILABLE = 0x0080;
  private static final int LABEL_BYTES = 63;
  private static final int HEADER_COUNTS_AFTER_QUESTIONS = 6;

  private DnsWire() {}

  /**
   * A DNS query, as parsed from a message.
   *
   * @param id the message id, chosen by the client
   * @param recursionDesired a flag that the answer repeats
   * @param name lower case, without the dot at the end
   * @param typeCode the queried type
   * @param udpBytes the longest answer that the client accepts over UDP
   * @param edns whether the query has an OPT record
   */
  record Query(
      int id, boolean recursionDesired, String name, int typeCode, int udpBytes, boolean edns) {}

  /** Reads a query with one question. */
  static Query readQuery(ByteBuf in) {
    int id = in.readUnsignedShort();
    int flags = in.readUnsignedShort();
    int questions = in.readUnsignedShort();
    if ((flags & FLAG_RESPONSE) != 0 || questions != 1) {
      throw new IllegalArgumentException(
          "questions: " + questions + " (expected: a query with 1 question)");
    }
    in.skipBytes(HEADER_COUNTS_AFTER_QUESTIONS);
    String name = readName(in);
    int typeCode = in.readUnsignedShort();
    in.skipBytes(2);
    int udpBytes = PLAIN_UDP_BYTES;
    boolean edns = false;
    // The OPT record is the only one that a resolver sends along; its class is the size it takes.
    if (in.readableBytes() >= 11 && in.getByte(in.readerIndex()) == 0) {
      in.skipBytes(1);
      if (in.readUnsignedShort() == DnsType.OPT.code()) {
        edns = true;
        udpBytes = Math.max(PLAIN_UDP_BYTES, in.readUnsignedShort());
      }
    }
    return new Query(id, (flags & FLAG_RECURSION_DESIRED) != 0, name, typeCode, udpBytes, edns);
  }

  /** Writes an answer with all its records. */
  static void writeAnswer(ByteBuf out, Query query, int code, DnsZone.ZoneAnswer zoneAnswer) {
    boolean negative =
        (code == NXDOMAIN || (code == NOERROR && zoneAnswer.answers().isEmpty()))
            && !zoneAnswer.negativeTtl().isZero();
    List<DnsRecord> answers = code == NOERROR ? zoneAnswer.answers() : List.of();
    List<DnsRecord> additional = code == NOERROR ? zoneAnswer.additional() : List.of();
    writeHeader(
        out,
        query,
        code,
        answers.size(),
        negative ? 1 : 0,
        additional.size() + (query.edns ? 1 : 0));
    writeQuestion(out, query);
    answers.forEach(record -> writeRecord(out, record));
    if (negative) {
      writeStartOfAuthority(out, zoneAnswer.negativeTtl().toSeconds());
    }
    additional.forEach(record -> writeRecord(out, record));
    if (query.edns) {
      writeOpt(out);
    }
  }

  /** Writes an answer that says only that the whole does not fit. */
  static void writeTruncated(ByteBuf out, Query query) {
    writeHeader(out, query, NOERROR, 0, 0, 0);
    out.setShort(2, out.getUnsignedShort(2) | FLAG_TRUNCATED);
    writeQuestion(out, query);
  }

  static void writeName(ByteBuf out, String name) {
    if (!name.isEmpty()) {
      for (String label : name.split("\\.", -1)) {
        byte[] bytes = label.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length == 0 || bytes.length > LABEL_BYTES) {
          throw new IllegalArgumentException(
              "name: \"" + name + "\" (expected: labels of 1 to 63 characters)");
        }
        out.writeByte(bytes.length);
        out.writeBytes(bytes);
      }
    }
    out.writeByte(0);
  }

  static String readName(ByteBuf in) {
    StringBuilder name = new StringBuilder();
    for (int length = in.readUnsignedByte(); length > 0; length = in.readUnsignedByte()) {
      if (length > LABEL_BYTES) {
        throw new IllegalArgumentException("label: " + length + " bytes (expected: <= 63)");
      }
      if (name.length() > 0) {
        name.append('.');
      }
      name.append(in.readCharSequence(length, StandardCharsets.US_ASCII));
    }
    return DnsZone.canonical(name.toString());
  }

  private static void writeHeader(
      ByteBuf out, Query query, int code, int answers, int authorities, int additional) {
    out.writeShort(query.id());
    out.writeShort(
        FLAG_RESPONSE
            | FLAG_AUTHORITATIVE
            | FLAG_RECURSION_AVAILABLE
            | (query.recursionDesired() ? FLAG_RECURSION_DESIRED : 0)
            | code);
    out.writeShort(1);
    out.writeShort(answers);
    out.writeShort(authorities);
    out.writeShort(additional);
  }

  private static void writeQuestion(ByteBuf out, Query query) {
    writeName(out, query.name());
    out.writeShort(query.typeCode());
    out.writeShort(CLASS_IN);
  }

  private static void writeRecord(ByteBuf out, DnsRecord record) {
    writeName(out, record.name());
    out.writeShort(record.type().code());
    out.writeShort(CLASS_IN);
    out.writeInt((int) record.ttlSeconds());
    ByteBuf content = record.content();
    out.writeShort(content.readableBytes());
    out.writeBytes(content);
  }

  // Only its last number means anything here: how long a negative answer may be kept.
  private static void writeStartOfAuthority(ByteBuf out, long negativeTtlSeconds) {
    writeName(out, "");
    out.writeShort(DnsType.SOA.code());
    out.writeShort(CLASS_IN);
    out.writeInt((int) negativeTtlSeconds);
    out.writeShort(2 + 5 * Integer.BYTES);
    out.writeByte(0);
    out.writeByte(0);
    for (int i = 0; i < 4; i++) {
      out.writeInt(1);
    }
    out.writeInt((int) negativeTtlSeconds);
  }

  private static void writeOpt(ByteBuf out) {
    out.writeByte(0);
    out.writeShort(DnsType.OPT.code());
    out.writeShort(4096);
    out.writeInt(0);
    out.writeShort(0);
  }
}
