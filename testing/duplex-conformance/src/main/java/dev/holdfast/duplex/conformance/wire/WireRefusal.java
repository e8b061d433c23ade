package dev.holdfast.duplex.conformance.wire;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * A server's refusal.
 *
 * @param code as the document numbers them
 * @param address with MOVED, host:port; empty otherwise
 * @param retryAfter with BUSY, in milliseconds
 * @param processed last position of the client that is known to be processed
 */
public record WireRefusal(long code, String address, long retryAfter, long processed) {
  public static final long UNKNOWN = 1;
  public static final long EXPIRED = 2;
  public static final long GAP = 3;
  public static final long FENCED = 4;
  public static final long MOVED = 5;
  public static final long BUSY = 6;
  public static final long DENIED = 7;

  private static final int VERSION = 1;
  private static final int CODE = 2;
  private static final int ADDRESS = 3;
  private static final int RETRY_AFTER = 4;
  private static final int PROCESSED = 5;

  /** A refusal with a code alone. */
  public static WireRefusal of(long code) {
    return new WireRefusal(code, "", 0, 0);
  }

  public static WireRefusal moved(String address) {
    return new WireRefusal(MOVED, address, 0, 0);
  }

  public static WireRefusal busy(long retryAfter) {
    return new WireRefusal(BUSY, "", retryAfter, 0);
  }

  /**
   * Reads a refusal.
   *
   * @throws IllegalArgumentException when it breaks a rule of the document
   */
  public static WireRefusal parse(byte[] value) {
    WireFields fields = WireFields.decode(value, Set.of(ADDRESS), PROCESSED);
    long code = fields.number(CODE);
    String address = new String(fields.bytes(ADDRESS), StandardCharsets.UTF_8);
    boolean moved = code == MOVED;
    if (fields.number(VERSION) != 1
        || code < UNKNOWN
        || code > DENIED
        || moved == address.isEmpty()) {
      throw new IllegalArgumentException("refusal: code %d address %s".formatted(code, address));
    }
    return new WireRefusal(code, address, fields.number(RETRY_AFTER), fields.number(PROCESSED));
  }

  public byte[] encode() {
    return new WireFields()
        .put(VERSION, 1)
        .put(CODE, code)
        .put(ADDRESS, address.getBytes(StandardCharsets.UTF_8))
        .put(RETRY_AFTER, retryAfter)
        .put(PROCESSED, processed)
        .encode();
  }
}
