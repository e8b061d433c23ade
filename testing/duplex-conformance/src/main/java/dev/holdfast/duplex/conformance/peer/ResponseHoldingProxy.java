package dev.holdfast.duplex.conformance.peer;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCall.Listener;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A proxy on a port of the loopback address that passes each request on as it comes, and the
 * response when that is complete. Thread-safe.
 */
public final class ResponseHoldingProxy implements AutoCloseable {
  private final ManagedChannel onwards;
  private final Server server;

  /** Starts a proxy before the server on a port. */
  public ResponseHoldingProxy(int port) throws IOException {
    onwards = NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    server = ByteCalls.serve(0, this::begin);
  }

  public int port() {
    return server.getPort();
  }

  @Override
  public void close() {
    server.shutdownNow();
    onwards.shutdownNow();
  }

  private Listener<byte[]> begin(ServerCall<byte[], byte[]> call, Metadata headers) {
    ClientCall<byte[], byte[]> forwarded =
        onwards.newCall(
            PeerMethods.method(call.getMethodDescriptor().getFullMethodName()),
            CallOptions.DEFAULT);
    forwarded.start(new HeldResponse(call, forwarded), headers);
    forwarded.request(1);
    call.request(1);
    return new Listener<>() {
      @Override
      public void onMessage(byte[] message) {
        forwarded.sendMessage(message);
        call.request(1);
      }

      @Override
      public void onHalfClose() {
        forwarded.halfClose();
      }

      @Override
      public void onCancel() {
        forwarded.cancel("its client is gone", null);
      }
    };
  }

  private static final class HeldResponse extends ClientCall.Listener<byte[]> {
    private final ServerCall<byte[], byte[]> call;
    private final ClientCall<byte[], byte[]> forwarded;
    private final List<Runnable> held = new ArrayList<>();

    HeldResponse(ServerCall<byte[], byte[]> call, ClientCall<byte[], byte[]> forwarded) {
      this.call = call;
      this.forwarded = forwarded;
    }

    @Override
    public void onHeaders(Metadata headers) {
      held.add(() -> call.sendHeaders(headers));
    }

    @Override
    public void onMessage(byte[] message) {
      held.add(() -> call.sendMessage(message));
      forwarded.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (!call.isCancelled()) {
        held.forEach(Runnable::run);
        call.close(status, trailers);
      }
    }
  }
}
