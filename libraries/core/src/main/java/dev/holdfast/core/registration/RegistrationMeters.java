package dev.holdfast.core.registration;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** The meters of one registration; its gauge stands until the record is not wanted any more. */
final class RegistrationMeters {
  private final MeterRegistry meters;
  private final String registry;
  private final String service;
  private final String address;
  private final Counter attempts;
  private Subscription state = () -> {};

  RegistrationMeters(MeterRegistry meters, Registry registry, ServiceName service, String address) {
    this.meters = meters;
    this.registry = registry.describe();
    this.service = service.toString();
    this.address = address;
    this.attempts =
        RegistryMeter.REGISTRATION_ATTEMPTS.counter(meters, this.registry, this.service);
  }

  void open(InstanceRegistration registration) {
    state =
        RegistryMeter.REGISTRATION_STATE.gauge(
            meters, () -> registration.state().code(), registry, service, address);
  }

  void close() {
    state.close();
  }

  void attempted() {
    attempts.increment();
  }

  void visible(boolean again) {
    if (again) {
      RegistryMeter.REGISTRATION_RESTORED.counter(meters, registry, service).increment();
    }
  }

  void ended(RegistryException why) {
    RegistryMeter.REGISTRATION_ENDED
        .counter(meters, registry, service, why.kind().name())
        .increment();
  }
}
