package dev.holdfast.streams.internal;

import dev.holdfast.core.annotation.Limit;

/** The constants of the handshake messages (docs/duplex-v1.md). */
public final class Handshake {
  /** The version of the protocol that this code speaks. */
  public static final int VERSION = 1;

  /** The binary metadata key of all three: hello, welcome (headers) and refusal (trailers). */
  public static final String KEY = "holdfast-stream-bin";

  /** The binary metadata key of a client that takes hand-overs, and of the hand-over it shows. */
  public static final String HANDOVER_KEY = "holdfast-handover-bin";

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
}
