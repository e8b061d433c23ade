package dev.holdfast.duplex.conformance.reference;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.Map;

/** A call of a client without sessions at a reference server. */
final class PlainReferenceStream implements ReferenceStream {
  private static final int ALL_MESSAGES = 1 << 20;

  private final ReferenceServer server;
  private final ServerCall<byte[], byte[]> call;
  private final ReferenceHandler handler;

  PlainReferenceStream(
      ReferenceServer server,
      ServerCall<byte[], byte[]> call,
      ReferenceHandler.Factory application) {
    this.server = server;
    this.call = call;
    call.sendHeaders(new Metadata());
    call.request(ALL_MESSAGES);
    handler = application.begin(this, null);
  }

  ServerCall.Listener<byte[]> listener() {
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(byte[] message) {
        server.locked(() -> handler.onMessage(message));
      }

      @Override
      public void onHalfClose() {
        server.locked(handler::onHalfClose);
      }

      @Override
      public void onReady() {
        server.locked(handler::onReady);
      }

      @Override
      public void onCancel() {
        server.locked(() -> handler.onEnd("CANCELLED"));
      }
    };
  }

  @Override
  public boolean isReady() {
    return call.isReady();
  }

  @Override
  public void send(byte[] message) {
    call.sendMessage(message);
  }

  @Override
  public void finish(long status, String description, Map<String, String> trailers) {
    Status ended = Status.fromCodeValue((int) status).withDescription(description);
    call.close(ended, new Metadata());
  }

  @Override
  public void mark(String cursor) {
    // Without a session there is nothing to hand over.
  }

  @Override
  public void read(int count) {
    // All messages were asked for.
  }
}
