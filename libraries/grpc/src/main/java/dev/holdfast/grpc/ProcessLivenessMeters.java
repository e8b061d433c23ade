package dev.holdfast.grpc;

import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessMeters;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * The meters of all watched connections of a process, one set per registry and role: a second gauge
 * of the same name would hide behind the first.
 *
 * <p>They live as long as the process; there are as many as meter registries, which are few.
 * Thread-safe.
 */
final class ProcessLivenessMeters {
  private static final Map<MeterRegistry, Map<ConnectionRole, LivenessMeters>> SHARED =
      new WeakHashMap<>();

  private ProcessLivenessMeters() {}

  static synchronized LivenessMeters of(MeterRegistry registry, ConnectionRole connectionRole) {
    return SHARED
        .computeIfAbsent(registry, unused -> new EnumMap<>(ConnectionRole.class))
        .computeIfAbsent(connectionRole, wanted -> LivenessMeters.on(registry, wanted));
  }
}
