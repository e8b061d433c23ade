package dev.holdfast.grpc;

import java.util.OptionalInt;

/**
 * The inbound message limit of a builder, in bytes: gRPC's default until another limit is set.
 * Unknown once the wrapped builder was handed out.
 */
final class InboundMessageLimit {
  /** The default of gRPC, 4 MiB. */
  private static final int DEFAULT_BYTES = 4 * 1024 * 1024;

  private OptionalInt limit = OptionalInt.of(DEFAULT_BYTES);

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
