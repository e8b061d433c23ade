package dev.holdfast.duplex.conformance.peer;

import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;

/** An event of a peer's physical call, in the order in which gRPC reported it. */
public sealed interface PeerEvent {
  /** Response headers came, with these values of the handshake. */
  record Headers(List<byte[]> handshakes) implements PeerEvent {}

  /** A message came. */
  final class Message implements PeerEvent {
    private final byte[] bytes;

    Message(byte[] bytes) {
      this.bytes = bytes;
    }

    /** The bytes of the gRPC message. */
    public byte[] bytes() {
      return bytes.clone();
    }
  }

  /** The other side half-closed the call. */
  record HalfClosed() implements PeerEvent {}

  /** The call ended: at a server when it was reset or its connection ended. */
  record Ended(Status status, Metadata trailers, List<byte[]> handshakes) implements PeerEvent {}
}
