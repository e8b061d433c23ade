package dev.holdfast.gateway;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** A service of bytes in all four shapes, which says back what it was told. */
final class Echo implements BindableService {
  static final MethodDescriptor<byte[], byte[]> UNARY = method("Unary", MethodType.UNARY);
  static final MethodDescriptor<byte[], byte[]> MANY = method("Many", MethodType.SERVER_STREAMING);
  static final MethodDescriptor<byte[], byte[]> COUNT =
      method("Count", MethodType.CLIENT_STREAMING);
  static final MethodDescriptor<byte[], byte[]> TALK = method("Talk", MethodType.BIDI_STREAMING);

  private static final String NAME = "test.Echo";

  final AtomicInteger calls = new AtomicInteger();

  @Override
  public ServerServiceDefinition bindService() {
    ServiceDescriptor service =
        ServiceDescriptor.newBuilder(NAME)
            .addMethod(UNARY)
            .addMethod(MANY)
            .addMethod(COUNT)
            .addMethod(TALK)
            .build();
    return ServerServiceDefinition.builder(service)
        .addMethod(UNARY, ServerCalls.asyncUnaryCall(this::unary))
        .addMethod(MANY, ServerCalls.asyncServerStreamingCall(this::many))
        .addMethod(COUNT, ServerCalls.asyncClientStreamingCall(this::count))
        .addMethod(TALK, ServerCalls.asyncBidiStreamingCall(this::talk))
        .build();
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
      public void onError(Throwable t) {}

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
}
