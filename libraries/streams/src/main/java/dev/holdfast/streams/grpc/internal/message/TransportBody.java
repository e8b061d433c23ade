package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.WireException;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The body of a large received message, in the buffers of the transport. A message that the
 * application gets at once is parsed from these buffers, on the thread that calls the application,
 * as in plain gRPC. A message that waits is copied ({@link #settle}), as a few of its bytes may
 * hold much of the transport's memory.
 *
 * <p>The body is read once. The copy, or {@link #release}, returns the buffers. Thread-safe.
 */
final class TransportBody implements ReceivedBody {
  private final MessageChunkPool pool;

  // Guarded by this.
  private @Nullable InputStream source;
  private byte[] head = {};
  private int begin;
  private int sizeBytes;
  private boolean handedOver;
  private @Nullable Stream opened;
  private @Nullable ChunkedBody copy;

  /**
   * Creates a body of {@code sizeBytes} bytes.
   *
   * @param source the transport's buffers, owned by the body from now on
   */
  TransportBody(InputStream source, int sizeBytes, MessageChunkPool pool) {
    this.source = source;
    this.sizeBytes = sizeBytes;
    this.pool = pool;
  }

  @Override
  public synchronized @Nullable FrameHeader header() throws WireException {
    try {
      head = present().readNBytes(FrameHeader.LARGEST_HEADER_BYTES);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return FrameHeader.parse(head, 0, head.length);
  }

  @Override
  public synchronized TransportBody from(int newBegin) {
    begin += newBegin;
    sizeBytes -= newBegin;
    return this;
  }

  @Override
  public synchronized int sizeBytes() {
    return sizeBytes;
  }

  @Override
  public synchronized InputStream stream() {
    if (copy != null) {
      return copy.stream();
    }
    if (opened != null) {
      throw new IllegalStateException("the body was read before");
    }
    opened = new Stream(head, begin, present(), sizeBytes);
    return opened;
  }

  @Override
  public synchronized byte[] toByteArray() {
    return copied().toByteArray();
  }

  @Override
  public synchronized void handOver() {
    handedOver = true;
  }

  @Override
  public synchronized void settle() {
    if (source != null && !handedOver) {
      copied();
    }
  }

  @Override
  public synchronized void release() {
    if (copy != null) {
      copy.release();
    } else if (source != null) {
      if (opened != null) {
        opened.keepRest();
      }
      giveBack();
    }
  }

  private ChunkedBody copied() {
    if (copy == null) {
      try {
        copy = ChunkedBody.read(stream(), sizeBytes, pool);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        giveBack();
      }
    }
    return copy;
  }

  private void giveBack() {
    try {
      present().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      source = null;
      head = new byte[0];
    }
  }

  private InputStream present() {
    return Objects.requireNonNull(source, "the body was released");
  }

  @Override
  public String toString() {
    return "TransportBody(" + sizeBytes() + " bytes)";
  }

  /** An input stream over the body, for one reader thread. */
  private static final class Stream extends InputStream implements KnownLength {
    private final byte[] head;
    private int at;
    private InputStream source;
    private int left;

    Stream(byte[] head, int begin, InputStream source, int sizeBytes) {
      this.head = head;
      this.at = begin;
      this.source = source;
      this.left = sizeBytes;
    }

    /** A marshaller may read the rest later, as it may with what is copied. */
    void keepRest() {
      if (left > 0) {
        try {
          source = new ByteArrayInputStream(source.readAllBytes());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }

    @Override
    public int available() {
      return left;
    }

    @Override
    public int read() throws IOException {
      if (left == 0) {
        return -1;
      }
      int read = at < head.length ? head[at++] & 0xff : source.read();
      left = read < 0 ? 0 : left - 1;
      return read;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, target.length);
      if (left == 0 && length > 0) {
        return -1;
      }
      int ofHead = Math.min(length, head.length - at);
      System.arraycopy(head, at, target, offset, ofHead);
      at += ofHead;
      int read = source.readNBytes(target, offset + ofHead, Math.min(length, left) - ofHead);
      left -= ofHead + read;
      return ofHead + read;
    }
  }
}
