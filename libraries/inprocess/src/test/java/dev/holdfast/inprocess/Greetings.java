package dev.holdfast.inprocess;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.holdfast.inprocess.greet.GreeterGrpc;
import dev.holdfast.inprocess.greet.HelloReply;
import dev.holdfast.inprocess.greet.HelloRequest;
import io.grpc.Context;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A service as people write them; what it does depends on the name that is greeted. */
final class Greetings extends GreeterGrpc.GreeterImplBase implements ServerInterceptor {
  static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("x-token", Metadata.ASCII_STRING_MARSHALLER);
  static final Metadata.Key<byte[]> TRACE =
      Metadata.Key.of("x-trace-bin", Metadata.BINARY_BYTE_MARSHALLER);
  static final Metadata.Key<String> AGE =
      Metadata.Key.of("x-age", Metadata.ASCII_STRING_MARSHALLER);

  final CompletableFuture<Context> cancelled = new CompletableFuture<>();
  final CompletableFuture<StreamObserver<HelloReply>> held = new CompletableFuture<>();
  final AtomicInteger sent = new AtomicInteger();
  volatile @Nullable String thread;
  volatile @Nullable String client;

  @Override
  public void sayHello(HelloRequest request, StreamObserver<HelloReply> answer) {
    thread = Thread.currentThread().getName();
    switch (request.getName()) {
      case "nobody" -> answer.onError(nobody());
      case "bug" -> throw new IllegalStateException("a secret of the house");
      case "twice" -> {
        answer.onNext(reply(request, 1));
        answer.onNext(reply(request, 2));
        answer.onCompleted();
      }
      case "sleeper" -> {
        Context.current().addListener(cancelled::complete, Runnable::run);
        held.complete(answer);
      }
      default -> {
        answer.onNext(reply(request, 1));
        answer.onCompleted();
      }
    }
  }

  @Override
  public void sayMany(HelloRequest request, StreamObserver<HelloReply> answer) {
    ServerCallStreamObserver<HelloReply> stream = (ServerCallStreamObserver<HelloReply>) answer;
    stream.setOnCancelHandler(() -> cancelled.complete(Context.current()));
    AtomicInteger next = new AtomicInteger();
    stream.setOnReadyHandler(
        () -> {
          while (stream.isReady() && next.get() < request.getCount()) {
            stream.onNext(reply(request, next.incrementAndGet()));
            sent.incrementAndGet();
          }
          if (next.compareAndSet(request.getCount(), Integer.MAX_VALUE)) {
            stream.onCompleted();
          }
        });
  }

  @Override
  public StreamObserver<HelloRequest> collect(StreamObserver<HelloReply> answer) {
    List<String> names = new ArrayList<>();
    return new Each(
        request -> names.add(request.getName()),
        () -> {
          answer.onNext(HelloReply.newBuilder().setText(String.join(" ", names)).build());
          answer.onCompleted();
        });
  }

  @Override
  public StreamObserver<HelloRequest> chat(StreamObserver<HelloReply> answer) {
    return new Each(request -> answer.onNext(reply(request, 1)), answer::onCompleted);
  }

  /** An interceptor of a whole server: refuses unauthenticated calls and marks responses. */
  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    client = String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
    String token = headers.get(TOKEN);
    if (token == null) {
      call.close(Status.UNAUTHENTICATED.withDescription("who are you?"), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    byte[] trace = headers.get(TRACE);
    return next.startCall(
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void sendHeaders(Metadata answer) {
            answer.put(TOKEN, token + " of " + call.getAuthority());
            if (trace != null) {
              answer.put(TRACE, trace);
            }
            super.sendHeaders(answer);
          }

          @Override
          public void close(Status status, Metadata trailers) {
            trailers.put(AGE, "7");
            super.close(status, trailers);
          }
        },
        headers);
  }

  static HelloReply reply(HelloRequest request, long number) {
    return HelloReply.newBuilder()
        .setText("hello " + request.getName() + "x".repeat(request.getPadding()))
        .setNumber(number)
        .build();
  }

  private static Exception nobody() {
    ErrorInfo info = ErrorInfo.newBuilder().setReason("GONE").setDomain("test").build();
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(Code.NOT_FOUND_VALUE)
            .setMessage("nobody is not there")
            .addDetails(Any.pack(info))
            .build());
  }

  private record Each(Consumer<HelloRequest> taker, Runnable end)
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
