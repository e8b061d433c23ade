package dev.holdfast.gateway;

import io.grpc.BindableService;
import io.grpc.ForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** A service of bytes in all four shapes, which says back what it was told. */
public final class Echo implements BindableService {
  public static final MethodDescriptor<byte[], byte[]> UNARY = method("Unary", MethodType.UNARY);
  static final MethodDescriptor<byte[], byte[]> MANY = method("Many", MethodType.SERVER_STREAMING);
  static final MethodDescriptor<byte[], byte[]> COUNT =
      method("Count", MethodType.CLIENT_STREAMING);
  static final MethodDescriptor<byte[], byte[]> TALK = method("Talk", MethodType.BIDI_STREAMING);
  static final MethodDescriptor<byte[], byte[]> PACED =
      method("Paced", MethodType.SERVER_STREAMING);
  static final MethodDescriptor<byte[], byte[]> FAIL = method("Fail", MethodType.UNARY);
  static final MethodDescriptor<byte[], byte[]> ABSENT = method("Absent", MethodType.UNARY);

  private static final String NAME = "test.Echo";

  final AtomicInteger calls = new AtomicInteger();

  /** Messages that a paced answer had room for. */
  final AtomicInteger paced = new AtomicInteger();

  /** The metadata of the last call. */
  final AtomicReference<Metadata> seen = new AtomicReference<>();

  /** Completes when a client gave a talk up. */
  final CompletableFuture<Boolean> cancelled = new CompletableFuture<>();

  @Override
  public ServerServiceDefinition bindService() {
    ServiceDescriptor service =
        ServiceDescriptor.newBuilder(NAME)
            .addMethod(UNARY)
            .addMethod(MANY)
            .addMethod(COUNT)
            .addMethod(TALK)
            .addMethod(FAIL)
            .addMethod(PACED)
            .build();
    ServerServiceDefinition definition =
        ServerServiceDefinition.builder(service)
            .addMethod(UNARY, ServerCalls.asyncUnaryCall(this::unary))
            .addMethod(MANY, ServerCalls.asyncServerStreamingCall(this::many))
            .addMethod(COUNT, ServerCalls.asyncClientStreamingCall(this::count))
            .addMethod(TALK, ServerCalls.asyncBidiStreamingCall(this::talk))
            .addMethod(FAIL, ServerCalls.asyncUnaryCall(Echo::fail))
            .addMethod(PACED, ServerCalls.asyncServerStreamingCall(this::paced))
            .build();
    return ServerInterceptors.intercept(definition, new Mirror());
  }

  /** Fails as the request says: {@code CODE:description}. */
  private static void fail(byte[] request, StreamObserver<byte[]> answer) {
    String text = new String(request, StandardCharsets.UTF_8);
    int colon = text.indexOf(':');
    answer.onError(
        Status.fromCode(Status.Code.valueOf(text.substring(0, colon)))
            .withDescription(text.substring(colon + 1))
            .asRuntimeException());
  }

  private void unary(byte[] request, StreamObserver<byte[]> answer) {
    calls.incrementAndGet();
    answer.onNext(request);
    answer.onCompleted();
  }

  /** As many messages as the first byte of the request says, each the request. */
  private void many(byte[] request, StreamObserver<byte[]> answer) {
    calls.incrementAndGet();
    for (int i = request[0]; i > 0; i--) {
      answer.onNext(request);
    }
    answer.onCompleted();
  }

  /** As many, but none before there is room for it. */
  private void paced(byte[] request, StreamObserver<byte[]> observer) {
    ServerCallStreamObserver<byte[]> answer = (ServerCallStreamObserver<byte[]>) observer;
    answer.setOnReadyHandler(
        () -> {
          while (answer.isReady() && paced.get() < request[0]) {
            answer.onNext(request);
            if (paced.incrementAndGet() == request[0]) {
              answer.onCompleted();
            }
          }
        });
  }

  /** The sum of the sizes of all messages, as four bytes. */
  private StreamObserver<byte[]> count(StreamObserver<byte[]> answer) {
    calls.incrementAndGet();
    return new StreamObserver<>() {
      private int sum;

      @Override
      public void onNext(byte[] message) {
        sum += message.length;
      }

      @Override
      public void onError(Throwable t) {}

      @Override
      public void onCompleted() {
        answer.onNext(ByteBuffer.allocate(Integer.BYTES).putInt(sum).array());
        answer.onCompleted();
      }
    };
  }

  private StreamObserver<byte[]> talk(StreamObserver<byte[]> answer) {
    calls.incrementAndGet();
    return new StreamObserver<>() {
      @Override
      public void onNext(byte[] message) {
        answer.onNext(message);
      }

      @Override
      public void onError(Throwable t) {
        cancelled.complete(true);
      }

      @Override
      public void onCompleted() {
        answer.onCompleted();
      }
    };
  }

  private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(NAME, name))
        .setRequestMarshaller(new Bytes())
        .setResponseMarshaller(new Bytes())
        .build();
  }

  /** Bytes as they are. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Sends what is named x-.. back in headers and trailers. */
  private final class Mirror implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      seen.set(headers);
      Metadata back = new Metadata();
      back.merge(
          headers,
          Set.of(
              Metadata.Key.of("x-bin", Metadata.BINARY_BYTE_MARSHALLER),
              Metadata.Key.of("x-text", Metadata.ASCII_STRING_MARSHALLER)));
      return next.startCall(
          new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata sent) {
              sent.merge(back);
              super.sendHeaders(sent);
            }

            @Override
            public void close(Status status, Metadata trailers) {
              trailers.merge(back);
              super.close(status, trailers);
            }
          },
          headers);
    }
  }
}
