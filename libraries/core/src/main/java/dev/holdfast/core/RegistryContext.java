package dev.holdfast.core;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The environment in which a registry runs.
 *
 * @param scheduler runs its decisions and its callbacks
 * @param meters receives its meters
 * @param random draws its jitter; used on the scheduler only
 * @param environment variables that hold secrets and defaults
 */
public record RegistryContext(
    Scheduler scheduler,
    MeterRegistry meters,
    RandomGenerator random,
    Map<String, String> environment) {

  /** The shared scheduler, the global meter registry and the environment of this process. */
  public static RegistryContext system() {
    return new RegistryContext(
        SystemScheduler.shared(),
        Metrics.globalRegistry,
        RandomGenerator.of("L64X128MixRandom"),
        System.getenv());
  }

  /** The same with another scheduler. */
  public RegistryContext withScheduler(Scheduler value) {
    return new RegistryContext(value, meters, random, environment);
  }

  /** The same with another environment. */
  public RegistryContext withEnvironment(Map<String, String> value) {
    return new RegistryContext(scheduler, meters, random, Map.copyOf(value));
  }
}
