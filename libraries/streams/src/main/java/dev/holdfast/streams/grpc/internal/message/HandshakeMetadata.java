package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Metadata;
import org.jspecify.annotations.Nullable;

/** The values of the handshake, in gRPC's metadata. */
public final class HandshakeMetadata {
  public static final Metadata.Key<byte[]> KEY =
      Metadata.Key.of(Handshake.KEY, Metadata.BINARY_BYTE_MARSHALLER);

  /** The key of the hand-over that a client shows, or of its offer to take one. */
  public static final Metadata.Key<byte[]> HANDOVER_KEY =
      Metadata.Key.of(Handshake.HANDOVER_KEY, Metadata.BINARY_BYTE_MARSHALLER);

  /** The bytes that a header field counts beside its name and value (RFC 9113, section 6.5.2). */
  private static final int FIELD_BYTES = 32;

  /**
   * The most bytes that a hello and a hand-over add to a call's metadata, as HTTP/2 counts them.
   */
  public static final int LARGEST_BYTES =
      fieldBytes(Handshake.KEY, Handshake.MAX_BYTES)
          + fieldBytes(Handshake.HANDOVER_KEY, SessionHandover.MAX_BYTES);

  private HandshakeMetadata() {}

  /** A binary value is written in base64. */
  private static int fieldBytes(String name, int valueBytes) {
    return FIELD_BYTES + name.length() + (valueBytes + 2) / 3 * 4;
  }

  /**
   * The value of the handshake; null when there is none.
   *
   * @throws WireException when there are several: which one others believed nobody knows
   */
  public static byte @Nullable [] of(Metadata metadata) throws WireException {
    return only(metadata, KEY);
  }

  /**
   * The hand-over, or the offer to take one, of a client; null when it takes none.
   *
   * @throws WireException when it is malformed, or there are several
   */
  public static @Nullable SessionHandover handoverOf(Metadata metadata) throws WireException {
    byte[] value = only(metadata, HANDOVER_KEY);
    return value == null ? null : SessionHandover.parse(value);
  }

  private static byte @Nullable [] only(Metadata metadata, Metadata.Key<byte[]> key)
      throws WireException {
    Iterable<byte[]> values = metadata.getAll(key);
    if (values == null) {
      return null;
    }
    byte[] first = null;
    for (byte[] value : values) {
      if (first != null) {
        throw WireException.several(key.name());
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

  /** The same, of a client that takes hand-overs. */
  public static Metadata with(@Nullable Metadata others, byte[] value, SessionHandover handover) {
    Metadata all = with(others, value);
    all.put(HANDOVER_KEY, handover.toByteArray());
    return all;
  }

  /** Replaces the hello in metadata that is about to be written. */
  public static void replace(Metadata request, byte[] value) {
    request.discardAll(KEY);
    request.put(KEY, value);
  }

  /** Takes the values of the handshake away. */
  public static void discard(Metadata metadata) {
    metadata.discardAll(KEY);
    metadata.discardAll(HANDOVER_KEY);
  }

  /** A copy of metadata as the application knows it. */
  public static Metadata without(@Nullable Metadata others) {
    Metadata all = new Metadata();
    if (others != null) {
      all.merge(others);
      discard(all);
    }
    return all;
  }
}
