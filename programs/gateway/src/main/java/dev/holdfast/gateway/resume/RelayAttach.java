package dev.holdfast.gateway.resume;

import com.google.protobuf.ByteString;
import io.netty.buffer.ByteBuf;

/**
 * The first frame of a relayed reader.
 *
 * @param session the id of the stream
 * @param after the position of the last message that the reader has
 * @param requestDigest the digest of its request; empty where the request follows
 */
record RelayAttach(String session, long after, SessionKey key, ByteString requestDigest) {
  void write(ByteBuf frame) {
    frame.writeByte(RelayFrame.VERSION);
    RelayFrame.writeText(frame, session);
    frame.writeLong(after);
    RelayFrame.writeText(frame, key.path());
    RelayFrame.writeBytes(frame, key.principal());
    RelayFrame.writeBytes(frame, requestDigest.toByteArray());
  }

  /**
   * Reads the frame.
   *
   * @throws IllegalArgumentException for another version
   */
  static RelayAttach read(ByteBuf frame) {
    int version = frame.readUnsignedByte();
    if (version != RelayFrame.VERSION) {
      throw new IllegalArgumentException(
          "version: " + version + " (expected: " + RelayFrame.VERSION + ")");
    }
    String session = RelayFrame.readText(frame);
    long after = frame.readLong();
    String path = RelayFrame.readText(frame);
    SessionKey key = new SessionKey(path, RelayFrame.readBytes(frame));
    return new RelayAttach(session, after, key, ByteString.copyFrom(RelayFrame.readBytes(frame)));
  }
}
