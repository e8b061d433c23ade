package dev.holdfast.bench.soak;

import com.google.protobuf.BytesValue;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;

/** The methods of the soak test's service, one of each kind that streams. */
final class SoakMethods {
  static final String SERVICE = "holdfast.bench.Soak";

  /** Each message is said back. */
  static final MethodDescriptor<BytesValue, BytesValue> CHAT =
      of("Chat", MethodType.BIDI_STREAMING);

  /** Numbers from 1 on, one in so many milliseconds as the number of the request says. */
  static final MethodDescriptor<BytesValue, BytesValue> SUBSCRIBE =
      of("Subscribe", MethodType.SERVER_STREAMING);

  /** Numbers from 1 on, the last of which is the answer. */
  static final MethodDescriptor<BytesValue, BytesValue> UPLOAD =
      of("Upload", MethodType.CLIENT_STREAMING);

  private SoakMethods() {}

  private static MethodDescriptor<BytesValue, BytesValue> of(String name, MethodType type) {
    return MethodDescriptor.<BytesValue, BytesValue>newBuilder()
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
        .setRequestMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
        .setResponseMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
        .build();
  }
}
