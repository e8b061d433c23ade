package dev.holdfast.gateway;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A frame of HTTP/2 as a client without a codec reads it. */
record RawFrame(int type, int flags, int stream, ByteBuffer payload) {
  static final int DATA = 0;
  static final int RST_STREAM = 3;
  static final int GOAWAY = 7;

  /** The first bytes of a client. */
  static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  static final byte[] PING = {0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};

  static RawFrame read(DataInputStream in) throws IOException {
    int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
    int type = in.readUnsignedByte();
    int flags = in.readUnsignedByte();
    int stream = in.readInt();
    return new RawFrame(type, flags, stream, ByteBuffer.wrap(in.readNBytes(length)));
  }

  /** Whether this is the answer to a PING. */
  boolean isPong() {
    return type == PING[3] && flags == 1;
  }
}
