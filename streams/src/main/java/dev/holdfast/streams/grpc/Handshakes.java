package dev.holdfast.streams.grpc;

import dev.holdfast.streams.wire.Handshake;
import io.grpc.Metadata;
import org.jspecify.annotations.Nullable;

/** The values of the handshake, in gRPC's metadata. */
final class Handshakes {
  static final Metadata.Key<byte[]> KEY =
      Metadata.Key.of(Handshake.KEY, Metadata.BINARY_BYTE_MARSHALLER);

  private Handshakes() {}

  /** A copy of metadata with a value of the handshake besides what is there. */
  static Metadata with(@Nullable Metadata others, byte[] value) {
    Metadata all = without(others);
    all.put(KEY, value);
    return all;
  }

  /** A copy of metadata as the application knows it. */
  static Metadata without(@Nullable Metadata others) {
    Metadata all = new Metadata();
    if (others != null) {
      all.merge(others);
      all.discardAll(KEY);
    }
    return all;
  }
}
