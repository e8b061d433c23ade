package dev.holdfast.streams.wire;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * The name of a session: 128 random bits that its client drew from a secure source. It is no
 * secret: resuming needs the server's token.
 */
public record SessionId(long high, long low) {
  /** Bytes on the wire. */
  public static final int BYTES = 16;

  byte[] toByteArray() {
    return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
  }

  static SessionId of(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new SessionId(buffer.getLong(), buffer.getLong());
  }

  /** 32 hexadecimal digits. */
  @Override
  public String toString() {
    return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
  }
}
