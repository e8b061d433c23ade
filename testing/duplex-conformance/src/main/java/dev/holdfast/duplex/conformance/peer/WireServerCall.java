package dev.holdfast.duplex.conformance.peer;

import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.List;

/** An attachment at a server, answered by hand. Used by one thread. */
public final class WireServerCall {
  private static final int ALL_MESSAGES = 1 << 20;

  private final ServerCall<byte[], byte[]> call;
  private final List<byte[]> handshakes;
  private final List<byte[]> handovers;
  private final PeerEvents events = new PeerEvents("attachment");
  private boolean headersSent;

  WireServerCall(ServerCall<byte[], byte[]> call, Metadata headers) {
    this.call = call;
    this.handshakes = PeerMethods.handshakes(headers);
    this.handovers = PeerMethods.handovers(headers);
    call.request(ALL_MESSAGES);
  }

  ServerCall.Listener<byte[]> listener() {
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(byte[] message) {
        events.add(new PeerEvent.Message(message));
      }

      @Override
      public void onHalfClose() {
        events.add(new PeerEvent.HalfClosed());
      }

      @Override
      public void onCancel() {
        events.add(new PeerEvent.Ended(Status.CANCELLED, new Metadata(), List.of()));
      }

      @Override
      public void onComplete() {
        events.add(new PeerEvent.Ended(Status.OK, new Metadata(), List.of()));
      }
    };
  }

  /** The events of this call. */
  public PeerEvents events() {
    return events;
  }

  /**
   * The hello of this call.
   *
   * @throws AssertionError when there is not exactly one
   */
  public WireHello hello() {
    if (handshakes.size() != 1) {
      throw new AssertionError(handshakes.size() + " hellos (expected: 1)");
    }
    return WireHello.parse(handshakes.get(0));
  }

  /**
   * The hand-over, or the offer to take one, beside the hello.
   *
   * @throws AssertionError when there is not exactly one
   */
  public byte[] handover() {
    if (handovers.size() != 1) {
      throw new AssertionError(handovers.size() + " hand-overs or offers (expected: 1)");
    }
    return handovers.get(0).clone();
  }

  /** Whether the call has a hello. */
  public boolean hasHello() {
    return !handshakes.isEmpty();
  }

  /** Sends response headers with these values of the handshake. */
  public void headers(byte[]... values) {
    Metadata headers = new Metadata();
    for (byte[] value : values) {
      headers.put(PeerMethods.HANDSHAKE, value);
    }
    headersSent = true;
    call.sendHeaders(headers);
  }

  /** Sends response headers with a welcome. */
  public void welcome(WireWelcome welcome) {
    headers(welcome.encode());
  }

  /** Sends a frame. */
  public void send(WireFrame frame) {
    send(frame.encode());
  }

  /** Sends a gRPC message of any bytes. */
  public void send(byte[] message) {
    if (!headersSent) {
      headers();
    }
    call.sendMessage(message);
  }

  /** Ends the call with a refusal. */
  public void refuse(WireRefusal refusal, Status status) {
    close(status, refusal.encode());
  }

  /** Ends the call with a status, and values of the handshake in its trailers. */
  public void close(Status status, byte[]... values) {
    Metadata trailers = new Metadata();
    for (byte[] value : values) {
      trailers.put(PeerMethods.HANDSHAKE, value);
    }
    call.close(status, trailers);
  }
}
