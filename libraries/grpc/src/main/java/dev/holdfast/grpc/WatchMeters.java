package dev.holdfast.grpc;

import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.Role;
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
final class WatchMeters {
  private static final Map<MeterRegistry, Map<Role, LivenessMeters>> SHARED = new WeakHashMap<>();

  private WatchMeters() {}

  static synchronized LivenessMeters of(MeterRegistry registry, Role role) {
    return SHARED
        .computeIfAbsent(registry, unused -> new EnumMap<>(Role.class))
        .computeIfAbsent(role, wanted -> LivenessMeters.on(registry, wanted));
  }
}
