package dev.holdfast.inprocess;

import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerMethodDefinition;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.concurrent.Executor;

/** Call target of the methods in this process, without a connection in between. Thread-safe. */
final class InProcessCallTarget implements CallTarget {
  private final ServedMethods methods;
  private final Executor executor;
  private final Context context;

  /**
   * A target for some methods.
   *
   * @param executor runs interceptors and handlers
   * @param context the parent of each call's Context
   */
  InProcessCallTarget(ServedMethods methods, Executor executor, Context context) {
    this.methods = methods;
    this.executor = executor;
    this.context = context;
  }

  @Override
  public OutgoingCall begin(HttpExchange web, Http2Headers headers, CallListener listener) {
    String path = String.valueOf(headers.path());
    ServerMethodDefinition<?, ?> method = methods.find(path);
    if (method == null) {
      return end(
          listener,
          GrpcStatusCode.UNIMPLEMENTED,
          path + ": no such method (expected: one of the server's)");
    }
    Metadata metadata;
    try {
      metadata = MetadataConversion.metadata(headers);
    } catch (IllegalArgumentException e) {
      return end(listener, GrpcStatusCode.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
    }
    CharSequence timeout = headers.get("grpc-timeout");
    long nanos = timeout == null ? GrpcTimeout.NONE : GrpcTimeout.parse(timeout);
    InProcessCall<?, ?> call = new InProcessCall<>(method, web, listener, executor);
    call.start(metadata, context, nanos);
    return call;
  }

  private static OutgoingCall end(CallListener listener, GrpcStatusCode status, String what) {
    listener.onEnd(CallEnd.of(status, "gateway: " + what));
    return new EndedCall();
  }

  /** A call that ended before it was started. */
  private static final class EndedCall implements OutgoingCall {
    @Override
    public void send(byte[] bytes, int offset, int length, boolean last) {}

    @Override
    public void halfClose() {}

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void request(int messages) {}

    @Override
    public void cancel() {}
  }
}
