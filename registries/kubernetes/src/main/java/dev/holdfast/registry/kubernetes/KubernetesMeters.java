package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.Subscription;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.IntSupplier;

/**
 * The meters of one registry. Thread-safe.
 *
 * @param registry {@link KubernetesRegistry#describe()}, which never holds a secret
 */
record KubernetesMeters(MeterRegistry meters, String registry) {

  void listBegun() {
    KubernetesMeter.LISTS.counter(meters, registry).increment();
  }

  void watchBegun() {
    KubernetesMeter.WATCHES.counter(meters, registry).increment();
  }

  void requestTimedOut() {
    KubernetesMeter.REQUEST_TIMEOUTS.counter(meters, registry).increment();
  }

  void credentialsRead(String result) {
    KubernetesMeter.CREDENTIALS.counter(meters, registry, result).increment();
  }

  void watchRestarted() {
    RegistryMeter.WATCH_RESTARTS.counter(meters, registry).increment();
  }

  void recordsMalformed(int count) {
    if (count > 0) {
      RegistryMeter.RECORDS_MALFORMED.counter(meters, registry).increment(count);
    }
  }

  void requestFailed(RegistryException.RegistryErrorKind registryErrorKind) {
    RegistryMeter.REQUESTS_FAILED.counter(meters, registry, registryErrorKind.name()).increment();
  }

  /** Shows the state of one scope until it is closed; read from any thread. */
  Subscription showState(SliceScope sliceScope, IntSupplier state) {
    return KubernetesMeter.REFLECTOR_STATE.gauge(
        meters, state::getAsInt, registry, sliceScope.toString());
  }

  /** Shows how many watches are open until it is closed; read from any thread. */
  Subscription showWatches(IntSupplier watches) {
    return RegistryMeter.WATCHES.gauge(meters, watches::getAsInt, registry);
  }
}
