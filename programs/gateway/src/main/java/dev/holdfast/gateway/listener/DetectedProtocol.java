package dev.holdfast.gateway.listener;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** The protocol that the first bytes of a connection reveal. */
enum DetectedProtocol {
  /** Too few bytes to decide. */
  UNDECIDED,
  /** HTTP/2 with prior knowledge (RFC 9113, 3.4). */
  HTTP2,
  /** A record with a handshake of TLS (RFC 8446, 5.1). */
  TLS,
  /** Another protocol than HTTP/2 or TLS. */
  OTHER;

  private static final byte[] PREFACE = "PRI * ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] HANDSHAKE = {0x16, 3};

  static DetectedProtocol of(ByteBuf in) {
    if (begins(in, PREFACE)) {
      return in.readableBytes() >= PREFACE.length ? HTTP2 : UNDECIDED;
    }
    if (begins(in, HANDSHAKE)) {
      return in.readableBytes() >= HANDSHAKE.length ? TLS : UNDECIDED;
    }
    return OTHER;
  }

  /** Whether the bytes so far are a prefix of this beginning, or start with it. */
  static boolean begins(ByteBuf in, byte[] begin) {
    int known = Math.min(in.readableBytes(), begin.length);
    for (int i = 0; i < known; i++) {
      if (in.getByte(in.readerIndex() + i) != begin[i]) {
        return false;
      }
    }
    return true;
  }
}
