package dev.holdfast.core.testkit;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HexFormat;

/** Writes DER (X.690), as far as a certificate needs it. */
final class Der {
  static final int BOOLEAN = 0x01;
  static final int OCTET_STRING = 0x04;
  static final int UTF8_STRING = 0x0c;
  static final int SET = 0x31;
  static final int DNS_NAME = 0x82;
  static final int VERSION_FIELD = 0xa0;
  static final int EXTENSIONS_FIELD = 0xa3;

  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int OBJECT_IDENTIFIER = 0x06;
  private static final int UTC_TIME = 0x17;
  private static final int SEQUENCE = 0x30;

  private static final int LONG_FORM = 0x80;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

  private Der() {}

  static byte[] sequence(byte[]... parts) {
    return tagged(SEQUENCE, parts);
  }

  static byte[] integer(long value) {
    return tagged(INTEGER, BigInteger.valueOf(value).toByteArray());
  }

  /** An object identifier by its bytes. */
  static byte[] oid(String hex) {
    return tagged(OBJECT_IDENTIFIER, HexFormat.of().parseHex(hex));
  }

  static byte[] bits(byte[] bytes) {
    byte[] noneUnused = {0};
    return tagged(BIT_STRING, noneUnused, bytes);
  }

  static byte[] time(Instant at) {
    return tagged(UTC_TIME, TIME.format(at).getBytes(StandardCharsets.US_ASCII));
  }

  static byte[] tagged(int tag, byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    byte[] longLength = length < LONG_FORM ? new byte[0] : unsigned(length);
    ByteBuffer der = ByteBuffer.allocate(2 + longLength.length + length);
    der.put((byte) tag);
    der.put((byte) (length < LONG_FORM ? length : LONG_FORM | longLength.length));
    der.put(longLength);
    for (byte[] part : parts) {
      der.put(part);
    }
    return der.array();
  }

  private static byte[] unsigned(int number) {
    byte[] signed = BigInteger.valueOf(number).toByteArray();
    return signed[0] == 0 ? Arrays.copyOfRange(signed, 1, signed.length) : signed;
  }
}
