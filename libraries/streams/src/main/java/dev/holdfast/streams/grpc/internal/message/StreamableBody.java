package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.streams.Payload;
import java.io.InputStream;

/** A payload that can be read without being copied first. */
public interface StreamableBody extends Payload {
  /** A new stream from the first byte on; it knows its length. */
  InputStream stream();
}
