package dev.holdfast.gateway;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.holdfast.gateway.greet.GreeterGrpc;
import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.greet.HelloRequest;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** A stock service with typed messages, which fails on demand. */
final class Greetings extends GreeterGrpc.GreeterImplBase {
  static final Metadata.Key<String> COLOUR =
      Metadata.Key.of("x-colour", Metadata.ASCII_STRING_MARSHALLER);
  static final Metadata.Key<String> AGE =
      Metadata.Key.of("x-age", Metadata.ASCII_STRING_MARSHALLER);

  static final Metadata.Key<String> CHALLENGE =
      Metadata.Key.of("www-authenticate", Metadata.ASCII_STRING_MARSHALLER);

  final AtomicInteger calls = new AtomicInteger();
  final AtomicInteger sent = new AtomicInteger();
  volatile Metadata metadata = new Metadata();
  final CompletableFuture<Void> cancelled = new CompletableFuture<>();

  @Override
  public void sayHello(HelloRequest request, StreamObserver<HelloReply> answer) {
    calls.incrementAndGet();
    if (request.getName().equals("nobody")) {
      answer.onError(notFound());
      return;
    }
    if (request.getName().startsWith("stranger")) {
      Metadata trailers = new Metadata();
      if (request.getName().endsWith("basic")) {
        trailers.put(CHALLENGE, "Basic realm=\"x\"");
      }
      answer.onError(Status.UNAUTHENTICATED.withDescription("who?").asRuntimeException(trailers));
      return;
    }
    if (request.getName().equals("sleeper")) {
      Context.current().addListener(context -> cancelled.complete(null), Runnable::run);
      return;
    }
    answer.onNext(reply(text(request), 1));
    answer.onCompleted();
  }

  @Override
  public void sayMany(HelloRequest request, StreamObserver<HelloReply> answer) {
    calls.incrementAndGet();
    ServerCallStreamObserver<HelloReply> stream = (ServerCallStreamObserver<HelloReply>) answer;
    stream.setOnCancelHandler(() -> cancelled.complete(null));
    AtomicInteger next = new AtomicInteger();
    ByteString text = text(request);
    stream.setOnReadyHandler(
        () -> {
          while (stream.isReady() && next.get() < request.getCount()) {
            stream.onNext(reply(text, next.incrementAndGet()));
            sent.incrementAndGet();
          }
          if (next.compareAndSet(request.getCount(), Integer.MAX_VALUE)) {
            if (request.getFails()) {
              stream.onError(notFound());
            } else {
              stream.onCompleted();
            }
          }
        });
  }

  @Override
  public StreamObserver<HelloRequest> collect(StreamObserver<HelloReply> answer) {
    calls.incrementAndGet();
    List<String> names = new ArrayList<>();
    return new Each(
        answer,
        request -> names.add(request.getName()),
        () -> {
          answer.onNext(
              HelloReply.newBuilder()
                  .setText(String.join(" ", names))
                  .setNumber(names.size())
                  .build());
          answer.onCompleted();
        });
  }

  @Override
  public StreamObserver<HelloRequest> chat(StreamObserver<HelloReply> answer) {
    calls.incrementAndGet();
    return new Each(answer, request -> answer.onNext(reply(text(request), 1)), answer::onCompleted);
  }

  /** Remembers what came as metadata and answers with some. */
  ServerInterceptor interceptor() {
    return new ServerInterceptor() {
      @Override
      public <Q, A> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        metadata = headers;
        return next.startCall(new Colourful<>(call), headers);
      }
    };
  }

  /** The text of an answer in bytes. A string would be encoded for its length and to be written. */
  private static ByteString text(HelloRequest request) {
    return ByteString.copyFromUtf8("hello " + request.getName() + "x".repeat(request.getPadding()));
  }

  private static HelloReply reply(ByteString text, long number) {
    return HelloReply.newBuilder().setTextBytes(text).setNumber(number).build();
  }

  private static StatusRuntimeException notFound() {
    ErrorInfo info = ErrorInfo.newBuilder().setReason("GONE").setDomain("test").build();
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(Code.NOT_FOUND_VALUE)
            .setMessage("nobody ist nicht da: \u00fc")
            .addDetails(Any.pack(info))
            .build());
  }

  /** Sends metadata before and after. */
  private static final class Colourful<Q, A>
      extends io.grpc.ForwardingServerCall.SimpleForwardingServerCall<Q, A> {
    Colourful(ServerCall<Q, A> call) {
      super(call);
    }

    @Override
    public void sendHeaders(Metadata headers) {
      headers.put(COLOUR, "blue");
      super.sendHeaders(headers);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      trailers.put(AGE, "7");
      super.close(status, trailers);
    }
  }

  private record Each(
      StreamObserver<HelloReply> answer,
      java.util.function.Consumer<HelloRequest> taker,
      Runnable end)
      implements StreamObserver<HelloRequest> {
    @Override
    public void onNext(HelloRequest request) {
      taker.accept(request);
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {
      end.run();
    }
  }
}
