package dev.holdfast.core.tls;

import java.io.IOException;
import java.util.Arrays;

/** A reader of DER values, limited to the types in a private key. */
final class DerReader {
  private final byte[] der;
  private int position;
  private final int end;

  DerReader(byte[] der) {
    this(der, 0, der.length);
  }

  private DerReader(byte[] der, int position, int end) {
    this.der = der;
    this.position = position;
    this.end = end;
  }

  boolean hasMore() {
    return position < end;
  }

  /** The tag of the value that comes next. */
  int tag() throws IOException {
    if (position >= end) {
      throw malformed();
    }
    return der[position] & 0xff;
  }

  /** The values within the value that comes next. */
  DerReader enter(int tag) throws IOException {
    if (tag() != tag) {
      throw malformed();
    }
    int[] bounds = bounds();
    return new DerReader(der, bounds[0], bounds[1]);
  }

  /** The content of the value that comes next. */
  byte[] content() throws IOException {
    int[] bounds = bounds();
    return Arrays.copyOfRange(der, bounds[0], bounds[1]);
  }

  void skip() throws IOException {
    position = bounds()[1];
  }

  /** The begin and the end of the next value's content. */
  private int[] bounds() throws IOException {
    if (position + 2 > end) {
      throw malformed();
    }
    int first = der[position + 1] & 0xff;
    int start = position + 2;
    int length = first;
    if (first >= 0x80) {
      int bytes = first & 0x7f;
      if (bytes < 1 || bytes > 2 || start + bytes > end) {
        throw malformed();
      }
      length = 0;
      for (int i = 0; i < bytes; i++) {
        length = (length << 8) | (der[start + i] & 0xff);
      }
      start += bytes;
    }
    if (start + length > end) {
      throw malformed();
    }
    return new int[] {start, start + length};
  }

  private static IOException malformed() {
    return new IOException("a private key that is no DER");
  }
}
