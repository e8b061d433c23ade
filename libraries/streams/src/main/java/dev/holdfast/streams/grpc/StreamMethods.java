package dev.holdfast.streams.grpc;

import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import dev.holdfast.streams.session.MethodKind;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.ReflectableMarshaller;

/**
 * The methods that can carry a session: streams, in one direction or both, of protobuf messages,
 * which have room for a header.
 */
final class StreamMethods {
  private StreamMethods() {}

  static boolean isStream(MethodDescriptor<?, ?> method) {
    return switch (method.getType()) {
      case BIDI_STREAMING, SERVER_STREAMING, CLIENT_STREAMING -> true;
      case UNARY, UNKNOWN -> false;
    };
  }

  /** The cardinality of a stream. */
  static MethodKind kindOf(MethodDescriptor<?, ?> method) {
    return switch (method.getType()) {
      case SERVER_STREAMING -> MethodKind.SERVER_STREAMING;
      case CLIENT_STREAMING -> MethodKind.CLIENT_STREAMING;
      case BIDI_STREAMING, UNARY, UNKNOWN -> MethodKind.BIDIRECTIONAL;
    };
  }

  /**
   * Whether a call may be made again elsewhere, with its one request, as the method's author
   * declared: {@code idempotency_level = NO_SIDE_EFFECTS} of a server-streaming method, which
   * generated code says by {@link MethodDescriptor#isSafe()}.
   */
  static boolean isRestartable(MethodDescriptor<?, ?> method) {
    return method.getType() == MethodDescriptor.MethodType.SERVER_STREAMING && method.isSafe();
  }

  /**
   * The method as both sides' grpc-java sees it: of bytes, and bidirectional whatever its
   * cardinality, as acks and requests for another connection go both ways at any time.
   */
  static MethodDescriptor<SessionFrame, SessionFrame> framed(MethodDescriptor<?, ?> method) {
    return method.toBuilder(SessionFrame.MARSHALLER, SessionFrame.MARSHALLER)
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .build();
  }

  static boolean isProtobuf(MethodDescriptor<?, ?> method) {
    return isProtobuf(method.getRequestMarshaller()) && isProtobuf(method.getResponseMarshaller());
  }

  /**
   * @throws IllegalArgumentException when messages of the method are something else than protobuf
   */
  static void require(MethodDescriptor<?, ?> method) {
    if (!isProtobuf(method)) {
      throw new IllegalArgumentException(
          "method: %s with %s and %s (expected: marshallers of protobuf messages)"
              .formatted(
                  method.getFullMethodName(),
                  method.getRequestMarshaller().getClass().getName(),
                  method.getResponseMarshaller().getClass().getName()));
    }
  }

  private static boolean isProtobuf(Marshaller<?> marshaller) {
    return marshaller instanceof ReflectableMarshaller<?> reflectable
        && isMessage(reflectable.getMessageClass());
  }

  /**
   * Whether this is a protobuf message class; tested by name, because this module has no protobuf,
   * and an application may have it relocated.
   */
  private static boolean isMessage(Class<?> type) {
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      for (Class<?> shape : at.getInterfaces()) {
        if (shape.getSimpleName().startsWith("MessageLite") || isMessage(shape)) {
          return true;
        }
      }
    }
    return false;
  }
}
