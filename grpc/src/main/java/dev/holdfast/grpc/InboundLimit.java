package dev.holdfast.grpc;

import java.util.OptionalInt;

/**
 * What a builder was told of the most bytes of an inbound message; gRPC's default as long as nobody
 * can have said anything else.
 */
final class InboundLimit {
  /** gRPC's own. */
  private static final int DEFAULT_BYTES = 4 * 1024 * 1024;

  private OptionalInt said = OptionalInt.of(DEFAULT_BYTES);

  void say(int bytes) {
    said = OptionalInt.of(bytes);
  }

  /** The builder below was handed out, and does not tell what it was told. */
  void maybeSaidElsewhere() {
    said = OptionalInt.empty();
  }

  /** The limit; empty when it is not known. */
  OptionalInt said() {
    return said;
  }
}
