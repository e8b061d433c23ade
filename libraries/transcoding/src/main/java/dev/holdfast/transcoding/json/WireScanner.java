package dev.holdfast.transcoding.json;

import com.google.protobuf.WireFormat;

/** Scanner of protobuf's binary form. Used by one thread. */
class WireScanner {
  private static final int DEEPEST = JsonCodec.MAX_DEPTH;
  private static final int LONGEST_VARINT = 10;

  /** The bytes being read: the input, or a reordered copy of a part of it. */
  byte[] in;

  int pos;
  private final byte[] input;
  private final int start;

  WireScanner(byte[] in, int start) {
    this.in = in;
    this.input = in;
    this.start = start;
    this.pos = start;
  }

  final CodecException failure(String problem) {
    return new CodecException("", problem, in == input ? pos - start : -1);
  }

  final void checkDepth(int depth) throws CodecException {
    if (depth > DEEPEST) {
      throw failure("nested more deeply than allowed (expected: depth <= " + DEEPEST + ")");
    }
  }

  final long varint(int end) throws CodecException {
    int at = pos;
    if (at < end && in[at] >= 0) {
      pos = at + 1;
      return in[at];
    }
    long value = 0;
    for (int i = 0; i < LONGEST_VARINT && at < end; i++) {
      byte here = in[at++];
      value |= (long) (here & 0x7f) << (7 * i);
      if (here >= 0) {
        pos = at;
        return value;
      }
    }
    throw failure("a number that is cut off or too long (expected: at most 10 bytes)");
  }

  /** Reads a tag with a valid field number. */
  final int tag(int end) throws CodecException {
    long tag = varint(end);
    if (tag >>> 32 != 0 || tag >>> 3 == 0) {
      throw failure("tag " + Long.toUnsignedString(tag) + " (expected: a field's number and type)");
    }
    return (int) tag;
  }

  /** Reads a length and returns the end of the part behind it. */
  final int endOfPart(int end) throws CodecException {
    long length = varint(end);
    if (length < 0 || length > end - pos) {
      throw failure("length " + length + " (expected: at most the " + (end - pos) + " bytes left)");
    }
    return pos + (int) length;
  }

  final int fixed32(int end) throws CodecException {
    int at = advance(4, end);
    return (in[at] & 0xff)
        | (in[at + 1] & 0xff) << 8
        | (in[at + 2] & 0xff) << 16
        | (in[at + 3] & 0xff) << 24;
  }

  final long fixed64(int end) throws CodecException {
    return (long) CodecBuffer.LONGS.get(in, advance(8, end));
  }

  private int advance(int bytes, int end) throws CodecException {
    if (end - pos < bytes) {
      throw failure("cut off (expected: " + bytes + " bytes)");
    }
    pos += bytes;
    return pos - bytes;
  }

  /** Skips the value of a field. */
  final void skip(int tag, int end, int depth) throws CodecException {
    switch (tag & 7) {
      case WireFormat.WIRETYPE_VARINT -> varint(end);
      case WireFormat.WIRETYPE_FIXED64 -> advance(8, end);
      case WireFormat.WIRETYPE_LENGTH_DELIMITED -> pos = endOfPart(end);
      case WireFormat.WIRETYPE_START_GROUP -> endOfGroup(tag, end, depth + 1);
      case WireFormat.WIRETYPE_FIXED32 -> advance(4, end);
      default -> throw failure("wire type " + (tag & 7) + " (expected: 0 to 3 or 5)");
    }
  }

  /** Skips a group and its end tag, and returns the position of the end tag. */
  final int endOfGroup(int tag, int end, int depth) throws CodecException {
    checkDepth(depth);
    while (true) {
      int at = pos;
      int inner = tag(end);
      if (inner == tag + 1) {
        return at;
      }
      skip(inner, end, depth);
    }
  }
}
