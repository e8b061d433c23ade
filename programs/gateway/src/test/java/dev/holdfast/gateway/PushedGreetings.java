package dev.holdfast.gateway;

import dev.holdfast.gateway.greet.GreeterGrpc;
import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.greet.HelloRequest;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A stock service whose streams say what a test makes them say. */
final class PushedGreetings extends GreeterGrpc.GreeterImplBase {
  private final BlockingQueue<Stream> streams = new LinkedBlockingQueue<>();

  /** A call of the service. */
  static final class Stream {
    final ServerCallStreamObserver<HelloReply> answer;
    final BlockingQueue<String> names = new LinkedBlockingQueue<>();
    final AtomicInteger said = new AtomicInteger();
    private final CountDownLatch cancelled = new CountDownLatch(1);

    /** Whether the one request of the call has fields that its schema has not. */
    final boolean unknownFields;

    Stream(StreamObserver<HelloReply> answer, boolean unknownFields) {
      this.unknownFields = unknownFields;
      this.answer = (ServerCallStreamObserver<HelloReply>) answer;
      this.answer.setOnCancelHandler(cancelled::countDown);
    }

    /** Sends that many replies, numbered from the first of the call. */
    void say(int replies, String text) {
      for (int i = 0; i < replies; i++) {
        answer.onNext(
            HelloReply.newBuilder().setText(text).setNumber(said.incrementAndGet()).build());
      }
    }

    /** Sends replies until the gateway takes no more; returns how many were sent in all. */
    int sayUntilItWaits(String text, int most) {
      while (answer.isReady() && said.get() < most) {
        say(1, text);
      }
      return said.get();
    }

    void end() {
      answer.onCompleted();
    }

    void fail() {
      answer.onError(Status.NOT_FOUND.withDescription("gone").asRuntimeException());
    }

    boolean isCancelled() {
      return answer.isCancelled();
    }

    void awaitCancelled() throws InterruptedException {
      if (!cancelled.await(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("the call goes on");
      }
    }
  }

  /** The next call that arrived. */
  Stream next() throws InterruptedException {
    Stream stream = streams.poll(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (stream == null) {
      throw new AssertionError("no call");
    }
    return stream;
  }

  /** The number of calls that nobody asked for. */
  int waiting() {
    return streams.size();
  }

  @Override
  public void sayMany(HelloRequest request, StreamObserver<HelloReply> answer) {
    streams.add(new Stream(answer, !request.getUnknownFields().asMap().isEmpty()));
  }

  @Override
  public StreamObserver<HelloRequest> chat(StreamObserver<HelloReply> answer) {
    Stream stream = new Stream(answer, false);
    streams.add(stream);
    return new StreamObserver<>() {
      @Override
      public void onNext(HelloRequest request) {
        stream.names.add(request.getName());
      }

      @Override
      public void onError(Throwable failure) {
        stream.names.add("error");
      }

      @Override
      public void onCompleted() {
        stream.names.add("end");
      }
    };
  }
}
