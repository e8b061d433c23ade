package dev.holdfast.bench.duplex;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.wire.TextMessage;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;

/** The methods of the scenarios, whose messages are texts in BytesValue. */
final class TextMethod {
  private TextMethod() {}

  static MethodDescriptor<BytesValue, BytesValue> of(String fullName) {
    return MethodDescriptor.<BytesValue, BytesValue>newBuilder()
        .setType(typeOf(fullName))
        .setFullMethodName(fullName)
        // A handler that begins anew does no harm there (H13).
        .setSafe(fullName.equals(PeerMethods.LIST))
        .setRequestMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
        .setResponseMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
        .build();
  }

  private static MethodDescriptor.MethodType typeOf(String fullName) {
    return switch (fullName) {
      case PeerMethods.LIST -> MethodDescriptor.MethodType.SERVER_STREAMING;
      case PeerMethods.COLLECT -> MethodDescriptor.MethodType.CLIENT_STREAMING;
      default -> MethodDescriptor.MethodType.BIDI_STREAMING;
    };
  }

  /** The message that a command sends. */
  static BytesValue message(JsonLine command) {
    String text = TextMessage.filled(command.text("text"), (int) command.number("size"));
    return BytesValue.of(ByteString.copyFromUtf8(text));
  }
}
