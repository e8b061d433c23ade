package dev.holdfast.grpc;

import java.util.OptionalInt;

/**
 * A limit of a builder for what the peer sends, in bytes: gRPC's default until another one is set.
 * Unknown once the wrapped builder was handed out.
 */
final class InboundLimit {
  /** The default of gRPC, 4 MiB. */
  private static final int DEFAULT_MESSAGE_BYTES = 4 * 1024 * 1024;

  /** The default of gRPC, 8 KiB. */
  private static final int DEFAULT_METADATA_BYTES = 8 * 1024;

  private OptionalInt limit;

  private InboundLimit(int defaultBytes) {
    limit = OptionalInt.of(defaultBytes);
  }

  /** The limit of each message. */
  static InboundLimit ofMessages() {
    return new InboundLimit(DEFAULT_MESSAGE_BYTES);
  }

  /** The limit of the metadata of each call. */
  static InboundLimit ofMetadata() {
    return new InboundLimit(DEFAULT_METADATA_BYTES);
  }

  void set(int bytes) {
    limit = OptionalInt.of(bytes);
  }

  /**
   * Marks the limit as unknown: the wrapped builder was handed out, and does not expose the limit
   * that it was given.
   */
  void markUnknown() {
    limit = OptionalInt.empty();
  }

  /** The limit; empty when it is not known. */
  OptionalInt limit() {
    return limit;
  }
}
