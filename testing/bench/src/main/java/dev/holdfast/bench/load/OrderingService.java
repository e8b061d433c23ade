package dev.holdfast.bench.load;

import dev.holdfast.bench.gateway.GrpcLoadProgram;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/**
 * The service that {@link GrpcLoadProgram} calls, on a stock grpc-java server. It has 16 unary
 * methods; the first four bytes of a request give the size of the answer.
 */
final class OrderingService {
  private static final int MOST_ANSWER_BYTES = 4 << 20;

  private OrderingService() {}

  static ServerServiceDefinition definition() {
    ServerServiceDefinition.Builder service =
        ServerServiceDefinition.builder(ClientHeaders.SERVICE);
    for (int i = 0; i < ClientHeaders.METHODS; i++) {
      MethodDescriptor<byte[], byte[]> method =
          MethodDescriptor.<byte[], byte[]>newBuilder()
              .setType(MethodType.UNARY)
              .setFullMethodName(
                  MethodDescriptor.generateFullMethodName(
                      ClientHeaders.SERVICE, ClientHeaders.method(i)))
              .setRequestMarshaller(new Bytes())
              .setResponseMarshaller(new Bytes())
              .build();
      service.addMethod(
          method,
          ServerCalls.asyncUnaryCall(
              (request, answers) -> {
                answers.onNext(new byte[answerBytes(request)]);
                answers.onCompleted();
              }));
    }
    return service.build();
  }

  private static int answerBytes(byte[] request) {
    return Math.min(MOST_ANSWER_BYTES, Math.max(0, ByteBuffer.wrap(request).getInt()));
  }

  /** The marshaller of messages as raw bytes. */
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
