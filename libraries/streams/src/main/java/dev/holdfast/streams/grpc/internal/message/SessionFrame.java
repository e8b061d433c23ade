package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.hooks.HeaderedMarshaller;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Detachable;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC message of a session on the wire: an optional header, then the application's bytes. A
 * received frame has no header until a reader that knows the attachment's tag parses it.
 */
public record SessionFrame(@Nullable FrameHeader header, Payload body) {
  public static final Marshaller<SessionFrame> MARSHALLER = new Bytes();

  /** A message without a header, as plain gRPC has it. */
  public static SessionFrame plain(Payload body) {
    return new SessionFrame(null, body);
  }

  /**
   * Parses the header of a received frame, if there is one of this attachment.
   *
   * @throws WireException when the header is malformed
   */
  public SessionFrame open(long tag) throws WireException {
    if (!(body instanceof ReceivedBody whole)) {
      return this;
    }
    FrameHeader found = whole.header();
    // One with another tag is somebody else's, and an unknown field of the message.
    return found == null || found.tag() != tag
        ? this
        : new SessionFrame(found, whole.from(found.sizeBytes()));
  }

  /** Parses a body that came and gives its bytes up. */
  public static <T> T parse(Payload body, Function<InputStream, T> parser) {
    try {
      return parser.apply(ByteSlice.streamOf(body));
    } finally {
      release(body);
    }
  }

  /** A body that came goes to the application now. */
  public static void handOver(Payload body) {
    if (body instanceof ReceivedBody received) {
      received.handOver();
    }
  }

  /** A body that came waits from now on, if it was not handed over. */
  public static void settle(Payload body) {
    if (body instanceof ReceivedBody received) {
      received.settle();
    }
  }

  /** Gives the bytes of a body that came up. */
  public static void release(Payload body) {
    if (body instanceof ReceivedBody received) {
      received.release();
    }
  }

  /** The marshaller of frames, by which a server also recognizes a resumable method. */
  private static final class Bytes implements Marshaller<SessionFrame>, HeaderedMarshaller {
    @Override
    public InputStream stream(SessionFrame sessionFrame) {
      InputStream body = ByteSlice.streamOf(sessionFrame.body);
      return sessionFrame.header == null
          ? body
          : new HeadedStream(
              sessionFrame.header.toByteArray(), body, sessionFrame.body.sizeBytes());
    }

    @Override
    public SessionFrame parse(InputStream stream) {
      try {
        return new SessionFrame(null, read(stream));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public int headerBytes() {
      return FrameHeader.LARGEST_HEADER_BYTES;
    }

    @Override
    public int metadataBytes() {
      return HandshakeMetadata.LARGEST_BYTES;
    }
  }

  private static ReceivedBody read(InputStream stream) throws IOException {
    if (!(stream instanceof KnownLength)) {
      return ByteSlice.of(stream.readAllBytes());
    }
    int sizeBytes = stream.available();
    if (sizeBytes >= ChunkedBody.LEAST_BYTES && stream instanceof Detachable source) {
      return new TransportBody(source.detach(), sizeBytes, MessageChunkPool.ofProcess());
    }
    if (sizeBytes >= ChunkedBody.LEAST_BYTES) {
      return ChunkedBody.read(stream, sizeBytes, MessageChunkPool.ofProcess());
    }
    byte[] bytes = new byte[sizeBytes];
    int read = stream.readNBytes(bytes, 0, bytes.length);
    if (read < bytes.length) {
      throw new IOException("message of " + bytes.length + " bytes ended after " + read);
    }
    return ByteSlice.of(bytes);
  }

  /** Header, then body; keeps what grpc-java looks for in order not to copy every message. */
  private static final class HeadedStream extends InputStream implements KnownLength, Drainable {
    private final byte[] header;
    private final InputStream body;
    private final int bodyBytes;
    private int at;

    HeadedStream(byte[] header, InputStream body, int bodyBytes) {
      this.header = header;
      this.body = body;
      this.bodyBytes = bodyBytes;
    }

    @Override
    public int available() throws IOException {
      int rest = body instanceof KnownLength ? body.available() : bodyBytes;
      return header.length - at + rest;
    }

    @Override
    public int read() throws IOException {
      return at < header.length ? header[at++] & 0xff : body.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (at == header.length || length == 0) {
        return body.read(target, offset, length);
      }
      int count = Math.min(length, header.length - at);
      System.arraycopy(header, at, target, offset, count);
      at += count;
      return count;
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int count = header.length - at;
      target.write(header, at, count);
      at = header.length;
      if (body instanceof Drainable drainable) {
        return count + drainable.drainTo(target);
      }
      return count + (int) body.transferTo(target);
    }

    @Override
    public void close() throws IOException {
      body.close();
    }
  }
}
