package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Drainable;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A part of an array that nobody changes: what is left of a message that came, without its header.
 */
final class ByteSlice implements ReceivedBody {
  private final byte[] array;
  private final int offset;
  private final int sizeBytes;

  private ByteSlice(byte[] array, int offset, int sizeBytes) {
    this.array = array;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
  }

  static ByteSlice of(byte[] bytes) {
    return new ByteSlice(bytes, 0, bytes.length);
  }

  /** The bytes of any payload. */
  static InputStream streamOf(Payload payload) {
    return payload instanceof StreamableBody streamableBody
        ? streamableBody.stream()
        : of(payload.toByteArray()).stream();
  }

  @Override
  public @Nullable FrameHeader header() throws WireException {
    return FrameHeader.parse(array, offset, sizeBytes);
  }

  @Override
  public ByteSlice from(int begin) {
    return new ByteSlice(array, offset + begin, sizeBytes - begin);
  }

  @Override
  public int sizeBytes() {
    return sizeBytes;
  }

  @Override
  public byte[] toByteArray() {
    return sizeBytes == array.length
        ? array
        : Arrays.copyOfRange(array, offset, offset + sizeBytes);
  }

  @Override
  public InputStream stream() {
    return new Stream(array, offset, sizeBytes);
  }

  /**
   * An input stream that exposes its length and its bytes, so that marshallers can avoid a copy.
   */
  private static final class Stream extends ByteArrayInputStream
      implements KnownLength, HasByteBuffer, Drainable {
    Stream(byte[] array, int offset, int length) {
      super(array, offset, length);
    }

    @Override
    public boolean byteBufferSupported() {
      return true;
    }

    @Override
    public synchronized ByteBuffer getByteBuffer() {
      return ByteBuffer.wrap(buf, pos, count - pos).asReadOnlyBuffer();
    }

    @Override
    public synchronized int drainTo(OutputStream target) throws IOException {
      int drained = count - pos;
      target.write(buf, pos, drained);
      pos = count;
      return drained;
    }
  }
}
