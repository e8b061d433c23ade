package dev.holdfast.bench.versions;

import com.google.protobuf.StringValue;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;

/**
 * A service whose messages are protobuf's own StringValue: generated code of ours would need a
 * version of protobuf of its own.
 */
final class TextService {
  static final String NAME = "versions.Text";

  /** Answers with the name of the server. */
  static final MethodDescriptor<StringValue, StringValue> ASK = method("Ask", MethodType.UNARY);

  /** Answers each message with the same. */
  static final MethodDescriptor<StringValue, StringValue> ECHO =
      method("Echo", MethodType.BIDI_STREAMING);

  private TextService() {}

  private static MethodDescriptor<StringValue, StringValue> method(String name, MethodType type) {
    return MethodDescriptor.<StringValue, StringValue>newBuilder()
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(NAME, name))
        .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
        .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
        .setIdempotent(type == MethodType.UNARY)
        .build();
  }

  /**
   * The service.
   *
   * @param server the name with which it answers
   */
  static ServerServiceDefinition of(String server) {
    return ServerServiceDefinition.builder(NAME)
        .addMethod(
            ASK,
            ServerCalls.asyncUnaryCall(
                (request, answers) -> {
                  answers.onNext(StringValue.of(server));
                  answers.onCompleted();
                }))
        .addMethod(ECHO, ServerCalls.asyncBidiStreamingCall(TextService::echo))
        .build();
  }

  private static StreamObserver<StringValue> echo(StreamObserver<StringValue> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(StringValue value) {
        answers.onNext(value);
      }

      @Override
      public void onError(Throwable failure) {
        // The client has gone, and nobody is left to be told.
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }
}
