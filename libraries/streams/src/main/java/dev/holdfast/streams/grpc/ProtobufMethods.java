package dev.holdfast.streams.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.ReflectableMarshaller;

/** The test whether a method can carry a session: a header before a message needs protobuf. */
final class ProtobufMethods {
  private ProtobufMethods() {}

  static boolean isBidi(MethodDescriptor<?, ?> method) {
    return method.getType() == MethodDescriptor.MethodType.BIDI_STREAMING;
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
