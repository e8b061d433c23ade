package dev.holdfast.transcoding.schema;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import java.util.Optional;

/**
 * A gRPC method. Immutable; equal by descriptor.
 *
 * @param descriptor of the method
 * @param fullName {@code package.Service/Method}
 * @param streamingType which sides stream
 * @param http the annotation google.api.http; empty for none
 */
public record RpcMethod(
    MethodDescriptor descriptor,
    String fullName,
    StreamingType streamingType,
    Optional<HttpRule> http) {
  static RpcMethod of(MethodDescriptor descriptor) {
    Optional<HttpRule> rule =
        descriptor.getOptions().hasExtension(AnnotationsProto.http)
            ? Optional.of(descriptor.getOptions().getExtension(AnnotationsProto.http))
            : Optional.empty();
    return new RpcMethod(
        descriptor,
        descriptor.getService().getFullName() + "/" + descriptor.getName(),
        StreamingType.of(descriptor.isClientStreaming(), descriptor.isServerStreaming()),
        rule);
  }

  /** The {@code :path} of calls: a slash and the full name. */
  public String path() {
    return "/" + fullName;
  }

  /** The full name of the service, {@code package.Service}. */
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

  /** The idempotency_level option of the method. */
  public IdempotencyLevel idempotency() {
    return descriptor.getOptions().getIdempotencyLevel();
  }

  /** Whether the method has no side effects, so that Connect permits GET. */
  public boolean hasNoSideEffects() {
    return idempotency() == IdempotencyLevel.NO_SIDE_EFFECTS;
  }

  /** The full name of the method. */
  @Override
  public String toString() {
    return fullName;
  }
}
