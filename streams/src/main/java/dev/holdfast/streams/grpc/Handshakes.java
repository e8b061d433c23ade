package dev.holdfast.streams.grpc;

import dev.holdfast.streams.wire.Handshake;
import io.grpc.Metadata;
import org.jspecify.annotations.Nullable;

/** The values of the handshake, in gRPC's metadata. */
final class Handshakes {
  static final Metadata.Key<byte[]> KEY =
      Metadata.Key.of(Handshake.KEY, Metadata.BINARY_BYTE_MARSHALLER);

  private Handshakes() {}

  /** Metadata with a value of the handshake besides what is there. */
  static Metadata with(@Nullable Metadata others, byte[] value) {
    Metadata all = new Metadata();
    if (others != null) {
      all.merge(others);
      all.discardAll(KEY);
    }
    all.put(KEY, value);
    return all;
  }
}
