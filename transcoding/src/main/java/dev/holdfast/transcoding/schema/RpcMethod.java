package dev.holdfast.transcoding.schema;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import java.util.Optional;

/**
 * A method of gRPC. Immutable; two are equal when their descriptors are.
 *
 * @param descriptor of the method
 * @param fullName {@code package.Service/Method}
 * @param shape which sides stream
 * @param http its annotation google.api.http, if it has one
 */
public record RpcMethod(
    MethodDescriptor descriptor, String fullName, StreamShape shape, Optional<HttpRule> http) {
  static RpcMethod of(MethodDescriptor descriptor) {
    Optional<HttpRule> rule =
        descriptor.getOptions().hasExtension(AnnotationsProto.http)
            ? Optional.of(descriptor.getOptions().getExtension(AnnotationsProto.http))
            : Optional.empty();
    return new RpcMethod(
        descriptor,
        descriptor.getService().getFullName() + "/" + descriptor.getName(),
        StreamShape.of(descriptor.isClientStreaming(), descriptor.isServerStreaming()),
        rule);
  }

  /** The {@code :path} of its calls: a slash and the full name. */
  public String path() {
    return "/" + fullName;
  }

  /** The full name of its service, {@code package.Service}. */
  public String service() {
    return descriptor.getService().getFullName();
  }

  /** The type of a request. */
  public Descriptor input() {
    return descriptor.getInputType();
  }

  /** The type of a response. */
  public Descriptor output() {
    return descriptor.getOutputType();
  }

  /** What the .proto says of doing it twice. */
  public IdempotencyLevel idempotency() {
    return descriptor.getOptions().getIdempotencyLevel();
  }

  /** Whether the .proto says that it changes nothing, so that it may be asked by GET (Connect). */
  public boolean hasNoSideEffects() {
    return idempotency() == IdempotencyLevel.NO_SIDE_EFFECTS;
  }

  /** The full name. */
  @Override
  public String toString() {
    return fullName;
  }
}
