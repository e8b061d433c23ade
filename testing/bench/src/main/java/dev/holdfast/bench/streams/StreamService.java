package dev.holdfast.bench.streams;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.bench.v1.FloodReply;
import dev.holdfast.bench.v1.FloodRequest;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.LongAdder;

/**
 * The streaming service under measurement, written in the ordinary way, for both sides of a
 * comparison.
 */
public final class StreamService extends EchoGrpc.EchoImplBase {
  private final LongAdder uploaded = new LongAdder();

  @Override
  public void call(EchoRequest request, StreamObserver<EchoReply> replies) {
    replies.onNext(EchoReply.newBuilder().setPayload(request.getPayload()).build());
    replies.onCompleted();
  }

  @Override
  public StreamObserver<EchoRequest> chat(StreamObserver<EchoReply> replies) {
    return new StreamObserver<>() {
      @Override
      public void onNext(EchoRequest request) {
        replies.onNext(EchoReply.newBuilder().setPayload(request.getPayload()).build());
      }

      @Override
      public void onError(Throwable cause) {
        // The client is gone; there is nobody to tell.
      }

      @Override
      public void onCompleted() {
        replies.onCompleted();
      }
    };
  }

  @Override
  public StreamObserver<FloodRequest> flood(StreamObserver<FloodReply> replies) {
    return new Flood((ServerCallStreamObserver<FloodReply>) replies);
  }

  @Override
  public void subscribe(FloodRequest request, StreamObserver<FloodReply> replies) {
    Flood flood = new Flood((ServerCallStreamObserver<FloodReply>) replies);
    flood.onNext(request);
  }

  @Override
  public StreamObserver<FloodRequest> upload(StreamObserver<FloodReply> reply) {
    return new Upload(reply);
  }

  /** The messages that all uploads of this service have brought so far. */
  long uploaded() {
    return uploaded.sum();
  }

  /** Counts what comes, and says at the end how much it was. */
  private final class Upload implements StreamObserver<FloodRequest> {
    private final StreamObserver<FloodReply> reply;
    private long received;

    Upload(StreamObserver<FloodReply> reply) {
      this.reply = reply;
    }

    @Override
    public void onNext(FloodRequest request) {
      received++;
      uploaded.increment();
    }

    @Override
    public void onError(Throwable cause) {
      // The client is gone; there is nobody to tell.
    }

    @Override
    public void onCompleted() {
      reply.onNext(FloodReply.newBuilder().setMessages(received).build());
      reply.onCompleted();
    }
  }

  /** Counts what comes, or sends while the call is ready, as grpc-java's manual flow control. */
  private static final class Flood implements StreamObserver<FloodRequest> {
    private final ServerCallStreamObserver<FloodReply> replies;
    private FloodReply message = FloodReply.getDefaultInstance();
    private boolean flooding;
    private long received;

    Flood(ServerCallStreamObserver<FloodReply> replies) {
      this.replies = replies;
      replies.setOnReadyHandler(this::pump);
      replies.setOnCancelHandler(() -> flooding = false);
    }

    private void pump() {
      while (flooding && replies.isReady()) {
        replies.onNext(message);
      }
    }

    @Override
    public void onNext(FloodRequest request) {
      received++;
      if (request.getMark()) {
        replies.onNext(FloodReply.newBuilder().setMessages(received).build());
      } else if (request.getBeginBytes() > 0) {
        ByteString payload = ByteString.copyFrom(new byte[request.getBeginBytes()]);
        message = FloodReply.newBuilder().setPayload(payload).build();
        flooding = true;
        pump();
      } else if (request.getStop()) {
        flooding = false;
        replies.onNext(FloodReply.newBuilder().setStopped(true).build());
      }
    }

    @Override
    public void onError(Throwable cause) {
      flooding = false;
    }

    @Override
    public void onCompleted() {
      replies.onCompleted();
    }
  }
}
