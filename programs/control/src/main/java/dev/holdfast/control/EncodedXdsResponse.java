package dev.holdfast.control;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;

/**
 * A response as bytes: what it shares with equal responses to other streams, and its nonce. The
 * fields of a message may stand in any order, so two parts of one make it whole.
 */
final class EncodedXdsResponse {
  private final byte[] shared;
  private final byte[] own;

  /**
   * Neither is changed by anybody any more.
   *
   * @param shared the same object for all streams that are sent the same
   * @param own the nonce
   */
  EncodedXdsResponse(byte[] shared, byte[] own) {
    this.shared = shared;
    this.own = own;
  }

  /** For gRPC, which asks for the length first and then lets the bytes be written. */
  InputStream stream() {
    return new Parts(this);
  }

  /** Whether two share their bytes. */
  boolean sharesWith(EncodedXdsResponse other) {
    return shared == other.shared;
  }

  int size() {
    return shared.length + own.length;
  }

  private static final class Parts extends InputStream implements KnownLength, Drainable {
    private final InputStream in;
    private final EncodedXdsResponse reply;
    private int left;

    Parts(EncodedXdsResponse reply) {
      this.reply = reply;
      this.left = reply.size();
      this.in =
          new SequenceInputStream(
              new ByteArrayInputStream(reply.shared), new ByteArrayInputStream(reply.own));
    }

    @Override
    public int read() throws IOException {
      int read = in.read();
      left -= read < 0 ? 0 : 1;
      return read;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int read = in.read(into, offset, length);
      left -= Math.max(0, read);
      return read;
    }

    @Override
    public int available() {
      return left;
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      if (left < reply.size()) {
        int rest = left;
        in.transferTo(target);
        left = 0;
        return rest;
      }
      target.write(reply.shared);
      target.write(reply.own);
      left = 0;
      return reply.size();
    }
  }
}
