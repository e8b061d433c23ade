package dev.holdfast.streams.grpc.internal.message;

import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * A message of the application, kept as it is until the peer has processed it: protobuf messages
 * don't change, and writing them straight into the transport's buffer saves a copy.
 */
public final class MessageBody<T> implements StreamableBody {
  private final Marshaller<T> marshaller;
  private final T message;
  private final int sizeBytes;

  private MessageBody(Marshaller<T> marshaller, T message, int sizeBytes) {
    this.marshaller = marshaller;
    this.message = message;
    this.sizeBytes = sizeBytes;
  }

  public static <T> StreamableBody of(Marshaller<T> marshaller, T message) {
    try (InputStream stream = marshaller.stream(message)) {
      // Without a length the bytes must be counted, and then they are kept.
      return stream instanceof KnownLength
          ? new MessageBody<>(marshaller, message, stream.available())
          : ByteSlice.of(stream.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public int sizeBytes() {
    return sizeBytes;
  }

  @Override
  public InputStream stream() {
    return marshaller.stream(message);
  }

  @Override
  public byte[] toByteArray() {
    try (InputStream stream = stream()) {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return "MessageBody(" + sizeBytes + " bytes)";
  }
}
