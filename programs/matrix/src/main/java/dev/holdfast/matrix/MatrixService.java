package dev.holdfast.matrix;

import com.google.protobuf.BytesValue;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** An echo service with a unary and a streaming method, without generated code. */
final class MatrixService {
  private static final String NAME = "holdfast.matrix.Matrix";

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
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
      };

  /** Not idempotent: nobody may repeat it for us. */
  static final MethodDescriptor<byte[], byte[]> CALL =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(MethodType.UNARY)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(NAME, "Call"))
          .setRequestMarshaller(BYTES)
          .setResponseMarshaller(BYTES)
          .build();

  /** The streaming method. Its messages are protobuf, as Holdfast's resumable streams require. */
  static final MethodDescriptor<BytesValue, BytesValue> HOLD =
      MethodDescriptor.<BytesValue, BytesValue>newBuilder()
          .setType(MethodType.BIDI_STREAMING)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(NAME, "Hold"))
          .setRequestMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
          .build();

  private MatrixService() {}

  static ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder(NAME)
        .addMethod(
            CALL,
            ServerCalls.asyncUnaryCall(
                (request, answers) -> {
                  answers.onNext(request);
                  answers.onCompleted();
                }))
        .addMethod(HOLD, ServerCalls.asyncBidiStreamingCall(MatrixService::echo))
        .build();
  }

  private static StreamObserver<BytesValue> echo(StreamObserver<BytesValue> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(BytesValue value) {
        answers.onNext(value);
      }

      @Override
      public void onError(Throwable cause) {
        // The client is gone, which is what some cells are about; nobody is left to answer.
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }
}
