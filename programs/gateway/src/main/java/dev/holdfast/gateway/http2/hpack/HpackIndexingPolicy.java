package dev.holdfast.gateway.http2.hpack;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.headers.HeaderNames;
import io.netty.handler.codec.http2.Http2HeadersEncoder.SensitivityDetector;
import io.netty.util.AsciiString;

/**
 * The indexing policy that keeps headers out of the peer's HPACK table until they occur a second
 * time. Most headers that clients send with a call, such as a traceparent, occur once and would
 * evict those that repeat. A secret header is never put into the table. One per encoder, confined
 * to its event loop.
 */
public final class HpackIndexingPolicy implements SensitivityDetector {
  @Limit(
      of = "headers of one HTTP/2 connection that are kept in mind as sent once",
      then = "another one takes its place, and is not indexed when it comes the next time")
  static final int SLOTS = 128;

  private static final int NAME_FACTOR = 31;

  /**
   * The hashes of sent headers; after a hash collision a header is indexed one occurrence earlier.
   */
  private final int[] seen = new int[SLOTS];

  /** Whether a field stays out of the table; for an encoder without other policies, Netty's. */
  @Override
  public boolean isSensitive(CharSequence name, CharSequence value) {
    return isSecret(name, value) || !isRepeated(hash(AsciiString.of(name), AsciiString.of(value)));
  }

  /** Whether a field never enters a table; see {@link HeaderNames#NEVER_INDEXED}. */
  static boolean isSecret(CharSequence name, CharSequence value) {
    return HeaderNames.NEVER_INDEXED.isSensitive(name, value);
  }

  static int hash(AsciiString name, AsciiString value) {
    return NAME_FACTOR * name.hashCode() + value.hashCode();
  }

  /** Whether the field of this hash was sent before; from now on it was. */
  boolean isRepeated(int hash) {
    int slot = (hash ^ hash >>> Short.SIZE) & (SLOTS - 1);
    boolean repeated = seen[slot] == hash;
    seen[slot] = hash;
    return repeated;
  }
}
