package dev.holdfast.duplex.conformance.peer;

import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;

/** An attachment of a client, written by hand. Used by one thread. */
public final class WireClientCall {
  private static final int ALL_MESSAGES = 1 << 20;

  private final ClientCall<byte[], byte[]> call;
  private final PeerEvents events = new PeerEvents("attachment");

  WireClientCall(ClientCall<byte[], byte[]> call) {
    this.call = call;
  }

  void start(Metadata headers) {
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata received) {
            events.add(new PeerEvent.Headers(PeerMethods.handshakes(received)));
          }

          @Override
          public void onMessage(byte[] message) {
            events.add(new PeerEvent.Message(message));
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            events.add(new PeerEvent.Ended(status, trailers, PeerMethods.handshakes(trailers)));
          }
        },
        headers);
    call.request(ALL_MESSAGES);
  }

  /** The events of this call. */
  public PeerEvents events() {
    return events;
  }

  /**
   * The welcome, which must be the next event.
   *
   * @throws AssertionError when it is not
   */
  public WireWelcome welcome() throws InterruptedException {
    PeerEvent event = events.next(PeerEvents.PATIENCE);
    if (event instanceof PeerEvent.Headers headers && headers.handshakes().size() == 1) {
      return WireWelcome.parse(headers.handshakes().get(0));
    }
    throw new AssertionError(event + " (expected: headers with one welcome)");
  }

  /** The refusal with which the call ends. */
  public WireRefusal refusal() throws InterruptedException {
    PeerEvent.Ended ended = events.end();
    if (ended.handshakes().size() != 1) {
      throw new AssertionError(ended.status() + " (expected: one refusal in its trailers)");
    }
    return WireRefusal.parse(ended.handshakes().get(0));
  }

  /** The status with which the call ends. */
  public Status.Code status() throws InterruptedException {
    return events.end().status().getCode();
  }

  /** Sends a frame. */
  public void send(WireFrame frame) {
    send(frame.encode());
  }

  /** Sends a gRPC message of any bytes. */
  public void send(byte[] message) {
    call.sendMessage(message);
  }

  public void halfClose() {
    call.halfClose();
  }

  /** Resets the stream. */
  public void reset() {
    call.cancel("reset by the scenario", null);
  }
}
