package dev.holdfast.streams.wire;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.wire.WireException.WireViolation;

/** The common encoding of the handshake messages. */
public final class Handshake {
  /** The version of the protocol that this code speaks. */
  public static final int VERSION = 1;

  /** The binary metadata key of all three: hello, welcome (headers) and refusal (trailers). */
  public static final String KEY = "holdfast-stream-bin";

  /** The messages that a client may send before it knows the server's credit. */
  public static final int INITIAL_CREDIT = 16;

  @Limit(of = "bytes of a hello, a welcome or a refusal", then = "it is refused")
  public static final int MAX_BYTES = 1024;

  @Limit(of = "bytes of a session's token", then = "the hello or welcome is refused")
  public static final int MAX_TOKEN_LENGTH = 320;

  @Limit(of = "bytes of the address in MOVED", then = "the refusal is refused")
  public static final int MAX_ADDRESS_LENGTH = 255;

  @Limit(of = "milliseconds in a handshake, 100 days", then = "the value is refused")
  public static final long MAX_MILLIS = 100L * 24 * 3600 * 1000;

  private Handshake() {}

  /** A reader behind the version, which is the first field of each value. */
  static WireReader open(byte[] bytes) throws WireException {
    if (bytes.length > MAX_BYTES) {
      throw new WireException(WireViolation.TOO_LONG, bytes.length + " bytes > " + MAX_BYTES);
    }
    WireReader in = new WireReader(bytes, 0, bytes.length);
    if (!in.next() || in.field() != 1) {
      throw new WireException(WireViolation.BAD_VALUE, "no version");
    }
    long version = in.varint(Integer.MAX_VALUE);
    if (version != VERSION) {
      throw new WireException(
          WireViolation.BAD_VALUE, "version " + version + " (expected: " + VERSION + ")");
    }
    return in;
  }

  static void require(boolean holds, String what) throws WireException {
    if (!holds) {
      throw new WireException(WireViolation.BAD_VALUE, what);
    }
  }
}
