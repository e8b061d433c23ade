package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Metadata;
import org.jspecify.annotations.Nullable;

/** The values of the handshake, in gRPC's metadata. */
public final class HandshakeMetadata {
  public static final Metadata.Key<byte[]> KEY =
      Metadata.Key.of(Handshake.KEY, Metadata.BINARY_BYTE_MARSHALLER);

  private HandshakeMetadata() {}

  /**
   * The value of the handshake; null when there is none.
   *
   * @throws WireException when there are several: which one others believed nobody knows
   */
  public static byte @Nullable [] of(Metadata metadata) throws WireException {
    Iterable<byte[]> values = metadata.getAll(KEY);
    if (values == null) {
      return null;
    }
    byte[] first = null;
    for (byte[] value : values) {
      if (first != null) {
        throw WireException.several(KEY.name());
      }
      first = value;
    }
    return first;
  }

  /** A copy of metadata with a value of the handshake besides what is there. */
  public static Metadata with(@Nullable Metadata others, byte[] value) {
    Metadata all = without(others);
    all.put(KEY, value);
    return all;
  }

  /** A copy of metadata as the application knows it. */
  public static Metadata without(@Nullable Metadata others) {
    Metadata all = new Metadata();
    if (others != null) {
      all.merge(others);
      all.discardAll(KEY);
    }
    return all;
  }
}
