package dev.holdfast.control.resources;

import com.google.protobuf.Duration;

/** A duration as protobuf spells it. */
final class ProtoDuration {
  private ProtoDuration() {}

  static Duration of(java.time.Duration value) {
    return Duration.newBuilder().setSeconds(value.getSeconds()).setNanos(value.getNano()).build();
  }
}
