package dev.holdfast.registry.etcd;

import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.Subscription;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.IntSupplier;

/**
 * The meters of one registry, labeled with its description, so that a process with two clusters can
 * tell them apart. Thread-safe.
 *
 * @param meters the registry of meters
 * @param registry {@link EtcdRegistry#describe()}, which never holds a secret
 */
record EtcdMeters(MeterRegistry meters, String registry) {

  void watchRestarted() {
    RegistryMeter.WATCH_RESTARTS.counter(meters, registry).increment();
  }

  void listReadAgain() {
    RegistryMeter.LISTS_READ_AGAIN.counter(meters, registry).increment();
  }

  void recordMalformed() {
    RegistryMeter.RECORDS_MALFORMED.counter(meters, registry).increment();
  }

  void requestFailed(RegistryException.RegistryErrorKind registryErrorKind) {
    RegistryMeter.REQUESTS_FAILED.counter(meters, registry, registryErrorKind.name()).increment();
  }

  /**
   * Shows what is now, until it is closed.
   *
   * @param watches how many ranges are followed; read from any thread
   * @param leaseState as in {@link RegistryMeter#LEASE_STATE}; read from any thread
   */
  Subscription show(IntSupplier watches, IntSupplier leaseState) {
    Subscription followed = RegistryMeter.WATCHES.gauge(meters, watches::getAsInt, registry);
    Subscription lease = RegistryMeter.LEASE_STATE.gauge(meters, leaseState::getAsInt, registry);
    return () -> {
      followed.close();
      lease.close();
    };
  }
}
