package dev.holdfast.lab;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Speaks HTTP/2 frames on a plain socket, without any library that might forgive. */
final class Http2Wire {
  static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  /** A frame as it stands on the wire. */
  static final class Frame {
    private final int type;
    private final int flags;
    private final int streamId;
    private final byte[] payload;

    Frame(int type, int flags, int streamId, byte[] payload) {
      this.type = type;
      this.flags = flags;
      this.streamId = streamId;
      this.payload = payload;
    }

    int type() {
      return type;
    }

    int flags() {
      return flags;
    }

    int streamId() {
      return streamId;
    }

    byte[] payload() {
      return payload;
    }

    int intAt(int offset) {
      return ByteBuffer.wrap(payload).getInt(offset);
    }
  }

  private final Socket socket;

  Http2Wire(Socket socket) {
    this.socket = socket;
  }

  Http2Wire preface() throws IOException {
    socket.getOutputStream().write(PREFACE);
    return this;
  }

  Http2Wire send(int type, int flags, int streamId, byte... payload) throws IOException {
    socket.getOutputStream().write(bytes(type, flags, streamId, payload));
    return this;
  }

  Http2Wire sendBytes(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  Frame next() throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
    int type = in.readUnsignedByte();
    int flags = in.readUnsignedByte();
    int streamId = in.readInt();
    byte[] payload = new byte[length];
    in.readFully(payload);
    return new Frame(type, flags, streamId, payload);
  }

  static byte[] bytes(int type, int flags, int streamId, byte... payload) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        ByteBuffer.allocate(9)
            .put((byte) (payload.length >> 16))
            .putShort((short) payload.length)
            .put((byte) type)
            .put((byte) flags)
            .putInt(streamId)
            .array());
    out.writeBytes(payload);
    return out.toByteArray();
  }
}
