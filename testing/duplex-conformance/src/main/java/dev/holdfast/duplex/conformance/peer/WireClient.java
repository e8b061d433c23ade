package dev.holdfast.duplex.conformance.peer;

import dev.holdfast.duplex.conformance.wire.WireHandover;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.lab.TcpRelay;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import java.util.Map;

/**
 * A client whose attachments a scenario writes by hand, behind a relay that cuts and stalls.
 * Thread-safe.
 */
public final class WireClient implements AutoCloseable {
  private static final int LARGEST_MESSAGE = 16 << 20;

  private final TcpRelay relay;
  private final ManagedChannel channel;
  private final String method;

  /** Creates a client that calls the bidirectional method. */
  public WireClient(int port) {
    this(port, PeerMethods.TALK);
  }

  /**
   * Creates a client of a server on a port of the loopback address.
   *
   * @param method the full name of the method that it calls
   */
  public WireClient(int port, String method) {
    this.method = method;
    relay = TcpRelay.toPort(port);
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", relay.port())
            .usePlaintext()
            .directExecutor()
            .disableRetry()
            .maxInboundMessageSize(LARGEST_MESSAGE)
            .build();
  }

  /** The relay on the way to the server. */
  public TcpRelay relay() {
    return relay;
  }

  /** Begins an attachment. */
  public WireClientCall attach(WireHello hello) {
    return call(Map.of(), hello.encode());
  }

  /** Begins an attachment with further request headers. */
  public WireClientCall attach(WireHello hello, Map<String, String> headers) {
    return call(headers, hello.encode());
  }

  /** Begins an attachment that shows a hand-over, or offers to take one. */
  public WireClientCall attach(WireHello hello, WireHandover handover) {
    return attach(hello, handover, Map.of());
  }

  /** Begins an attachment that shows a hand-over, with further request headers. */
  public WireClientCall attach(
      WireHello hello, WireHandover handover, Map<String, String> headers) {
    Metadata metadata = new Metadata();
    metadata.put(PeerMethods.HANDOVER, handover.encode());
    return call(metadata, headers, hello.encode());
  }

  /** Begins an attachment that shows these bytes in the place of a hand-over. */
  public WireClientCall show(WireHello hello, byte[]... handovers) {
    Metadata metadata = new Metadata();
    for (byte[] each : handovers) {
      metadata.put(PeerMethods.HANDOVER, each);
    }
    return call(metadata, Map.of(), hello.encode());
  }

  /** Begins a call with these values of the handshake. */
  public WireClientCall call(Map<String, String> headers, byte[]... handshakes) {
    return call(new Metadata(), headers, handshakes);
  }

  private WireClientCall call(
      Metadata metadata, Map<String, String> headers, byte[]... handshakes) {
    for (byte[] each : handshakes) {
      metadata.put(PeerMethods.HANDSHAKE, each);
    }
    headers.forEach(
        (key, value) ->
            metadata.put(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER), value));
    WireClientCall call =
        new WireClientCall(channel.newCall(PeerMethods.method(method), CallOptions.DEFAULT));
    call.start(metadata);
    return call;
  }

  @Override
  public void close() {
    relay.close();
    channel.shutdownNow();
  }
}
