package dev.holdfast.bench.sessions;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.streams.grpc.StreamCursor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;

/**
 * A service that says numbered messages back and marks a cursor behind each answer. A handler that
 * gets another number than the one behind its cursor fails its stream.
 */
final class CursorChatService extends EchoGrpc.EchoImplBase {
  @Override
  public StreamObserver<EchoRequest> chat(StreamObserver<EchoReply> replies) {
    StreamCursor cursor = StreamCursor.current();
    return new Chat(replies, cursor, cursor.resumedFrom().map(Device::number).orElse(0L));
  }

  /** The handler of one stream at this server. */
  private static final class Chat implements StreamObserver<EchoRequest> {
    private final StreamObserver<EchoReply> replies;
    private final StreamCursor cursor;
    private long last;

    Chat(StreamObserver<EchoReply> replies, StreamCursor cursor, long last) {
      this.replies = replies;
      this.cursor = cursor;
      this.last = last;
    }

    @Override
    public void onNext(EchoRequest request) {
      ByteString payload = request.getPayload();
      long number = Device.number(payload.toByteArray());
      if (number != last + 1) {
        replies.onError(
            Status.DATA_LOSS
                .withDescription("message %d after %d".formatted(number, last))
                .asRuntimeException());
        return;
      }
      last = number;
      replies.onNext(EchoReply.newBuilder().setPayload(payload).build());
      cursor.mark(payload.toByteArray());
    }

    @Override
    public void onError(Throwable cause) {
      // The stream goes on at another server, or its client is gone.
    }

    @Override
    public void onCompleted() {
      replies.onCompleted();
    }
  }
}
