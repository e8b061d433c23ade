package dev.holdfast.streams.wire;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The id of a session: 128 random bits that its client drew from a secure source. The id is no
 * secret: resuming needs the server's token.
 */
public record SessionId(long high, long low) {
  /** The length of an id on the wire, in bytes. */
  public static final int BYTES = 16;

  byte[] toByteArray() {
    return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
  }

  static SessionId of(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new SessionId(buffer.getLong(), buffer.getLong());
  }

  /** The id as 32 hexadecimal digits. */
  @Override
  public String toString() {
    return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
  }
}
