package dev.holdfast.streams.grpc;

import dev.holdfast.streams.grpc.internal.message.MessageBody;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import io.grpc.ForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;

/**
 * A call of a client without Holdfast: the handler's own call, with bytes below. Below it is
 * bidirectional, so it checks itself that a method has one request or one response.
 */
final class PlainCall<ReqT, RespT> extends ForwardingServerCall<ReqT, RespT> {
  private final ServerCall<SessionFrame, SessionFrame> call;
  private final MethodDescriptor<ReqT, RespT> method;
  private final ResponseCardinality responses;

  /** Whether this class has ended the call, whose handler may not know that yet. */
  private volatile boolean refused;

  private PlainCall(
      ServerCall<SessionFrame, SessionFrame> call, MethodDescriptor<ReqT, RespT> method) {
    this.call = call;
    this.method = method;
    this.responses = new ResponseCardinality(method);
  }

  static <ReqT, RespT> ServerCall.Listener<SessionFrame> start(
      ServerCall<SessionFrame, SessionFrame> call,
      Metadata headers,
      MethodDescriptor<ReqT, RespT> method,
      ServerCallHandler<ReqT, RespT> handler) {
    PlainCall<ReqT, RespT> ours = new PlainCall<>(call, method);
    return ours.listener(handler.startCall(ours, headers));
  }

  private ServerCall.Listener<SessionFrame> listener(ServerCall.Listener<ReqT> listener) {
    boolean oneRequest = method.getType().clientSendsOneMessage();
    return new ServerCall.Listener<>() {
      private boolean requested;

      @Override
      public void onMessage(SessionFrame sessionFrame) {
        if (refused || (oneRequest && requested)) {
          SessionFrame.release(sessionFrame.body());
          refuse(ResponseCardinality.TOO_MANY_REQUESTS);
          return;
        }
        requested = true;
        listener.onMessage(SessionFrame.parse(sessionFrame.body(), method::parseRequest));
      }

      @Override
      public void onHalfClose() {
        if (!refused) {
          listener.onHalfClose();
        }
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
    if (refused) {
      return;
    }
    if (responses.admitsResponse()) {
      call.sendMessage(SessionFrame.plain(MessageBody.of(method.getResponseMarshaller(), message)));
    } else {
      refuse(ResponseCardinality.TOO_MANY_RESPONSES);
    }
  }

  @Override
  public void close(Status status, Metadata trailers) {
    if (!refused) {
      call.close(responses.statusOf(status), trailers);
    }
  }

  private void refuse(Status status) {
    if (!refused) {
      refused = true;
      call.close(status, new Metadata());
    }
  }

  @Override
  public MethodDescriptor<ReqT, RespT> getMethodDescriptor() {
    return method;
  }
}
