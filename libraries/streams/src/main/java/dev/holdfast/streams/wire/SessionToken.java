package dev.holdfast.streams.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The credential that a client shows on every resume. Opaque to the client; {@link
 * SessionTokenIssuer} makes and checks it. Immutable.
 */
public final class SessionToken {
  /** The empty token of a client that was never welcomed. */
  public static final SessionToken NONE = new SessionToken(new byte[0]);

  private final byte[] bytes;

  /** Creates a token that owns the array. */
  SessionToken(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Whether it is {@link #NONE}. */
  public boolean isNone() {
    return bytes.length == 0;
  }

  /** The bytes of the token, for the wire and for stores. */
  public byte[] toByteArray() {
    return bytes.clone();
  }

  /** The address of the instance that made it, as it says itself: check it first. */
  public Optional<String> owner() {
    if (bytes.length <= SessionTokenIssuer.MAC_BYTES) {
      return Optional.empty();
    }
    int length = bytes.length - SessionTokenIssuer.MAC_BYTES;
    return Optional.of(new String(bytes, 0, length, StandardCharsets.UTF_8));
  }

  byte[] mac() {
    return Arrays.copyOfRange(
        bytes, Math.max(0, bytes.length - SessionTokenIssuer.MAC_BYTES), bytes.length);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SessionToken token && Arrays.equals(bytes, token.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Shows its length only: a reader of logs must not be able to resume. */
  @Override
  public String toString() {
    return "SessionToken(" + bytes.length + " bytes)";
  }
}
