package dev.holdfast.streams.grpc;

import dev.holdfast.streams.grpc.internal.message.MessageBody;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import io.grpc.ForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;

/** A call of a client without Holdfast: the handler's own call, with bytes below. */
final class PlainCall<ReqT, RespT> extends ForwardingServerCall<ReqT, RespT> {
  private final ServerCall<SessionFrame, SessionFrame> call;
  private final MethodDescriptor<ReqT, RespT> method;

  private PlainCall(
      ServerCall<SessionFrame, SessionFrame> call, MethodDescriptor<ReqT, RespT> method) {
    this.call = call;
    this.method = method;
  }

  static <ReqT, RespT> ServerCall.Listener<SessionFrame> start(
      ServerCall<SessionFrame, SessionFrame> call,
      Metadata headers,
      MethodDescriptor<ReqT, RespT> method,
      ServerCallHandler<ReqT, RespT> handler) {
    ServerCall.Listener<ReqT> listener = handler.startCall(new PlainCall<>(call, method), headers);
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(SessionFrame sessionFrame) {
        listener.onMessage(SessionFrame.parse(sessionFrame.body(), method::parseRequest));
      }

      @Override
      public void onHalfClose() {
        listener.onHalfClose();
      }

      @Override
      public void onCancel() {
        listener.onCancel();
      }

      @Override
      public void onComplete() {
        listener.onComplete();
      }

      @Override
      public void onReady() {
        listener.onReady();
      }
    };
  }

  // The type of the messages is not looked at by what this forwards.
  @SuppressWarnings("unchecked")
  @Override
  protected ServerCall<ReqT, RespT> delegate() {
    return (ServerCall<ReqT, RespT>) (ServerCall<?, ?>) call;
  }

  @Override
  public void sendMessage(RespT message) {
    call.sendMessage(SessionFrame.plain(MessageBody.of(method.getResponseMarshaller(), message)));
  }

  @Override
  public MethodDescriptor<ReqT, RespT> getMethodDescriptor() {
    return method;
  }
}
