package dev.holdfast.grpc;

import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import dev.holdfast.core.annotation.Limit;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The rule which methods are idempotent, as their authors declared.
 *
 * <p>Said by {@code option idempotency_level = IDEMPOTENT} (or NO_SIDE_EFFECTS) in the .proto, or
 * by {@link MethodDescriptor#isIdempotent()} and {@link MethodDescriptor#isSafe()}. Thread-safe.
 */
final class IdempotentMethods {
  // Descriptors are constants of generated code; a program that makes them up per call must not
  // fill the heap.
  @Limit(
      of = "methods whose idempotency is remembered",
      then = "others are looked at in every call")
  private static final int MAX_CACHED = 10_000;

  private final ConcurrentMap<MethodDescriptor<?, ?>, Boolean> cache = new ConcurrentHashMap<>();

  boolean contains(MethodDescriptor<?, ?> method) {
    Boolean known = cache.get(method);
    if (known == null) {
      known = isDeclared(method);
      if (cache.size() < MAX_CACHED) {
        cache.put(method, known);
      }
    }
    return known;
  }

  private static boolean isDeclared(MethodDescriptor<?, ?> method) {
    if (method.isIdempotent() || method.isSafe()) {
      return true;
    }
    if (method.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier schema) {
      IdempotencyLevel level = schema.getMethodDescriptor().getOptions().getIdempotencyLevel();
      return level == IdempotencyLevel.IDEMPOTENT || level == IdempotencyLevel.NO_SIDE_EFFECTS;
    }
    return false;
  }
}
