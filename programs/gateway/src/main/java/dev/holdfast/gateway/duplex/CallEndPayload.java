package dev.holdfast.gateway.duplex;

import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.streams.Payload;

/**
 * The end of a physical call on its way through a session, which returns it unread when the call
 * was plain gRPC.
 *
 * @param end of the call
 */
record CallEndPayload(CallEnd end) implements Payload {
  @Override
  public int sizeBytes() {
    return 0;
  }

  @Override
  public byte[] toByteArray() {
    return EMPTY.toByteArray();
  }
}
