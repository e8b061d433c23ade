package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.ORDERS;
import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.readFailure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.testkit.RecordedWatch;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** An etcd that takes connections and answers nobody (SIGSTOP), and there is no other member. */
class PausedStoreTest {

  @Test
  void everythingSaysSoInTimeKeepsWhatItKnowsAndGoesOnAfterwards() throws Exception {
    try (EtcdCluster etcd = EtcdCluster.start(1);
        OpenRegistries registries = new OpenRegistries()) {
      Registry registry = registries.open(etcd.uri("", "ttl=8s", "request-timeout=2s"));
      RecordedWatch watch = registries.watch(registry, ORDERS);
      OpenRegistries.Announced record = registries.announceUntilPublished(registry, ORDERS, at(1));
      patiently().until(() -> addresses(watch).size() == 1);

      etcd.member(0).pause();
      try {
        long begunNanos = System.nanoTime();
        RegistryException failure = readFailure(registry, ORDERS);
        assertThat(Duration.ofNanos(System.nanoTime() - begunNanos))
            .isLessThan(Duration.ofSeconds(20));
        assertThat(failure.kind()).isEqualTo(RegistryErrorKind.UNAVAILABLE);
        assertThat(failure)
            .hasMessageContaining(etcd.member(0).address())
            .hasMessageContaining("no answer in time");
        patiently().until(() -> !watch.failures().isEmpty());
        assertThat(registries.endOf(record)).isEqualTo(RegistryErrorKind.LEASE_LOST);
        assertThat(leaseState(registries, registry)).as("lost").isEqualTo(2);
        assertThat(addresses(watch)).as("the list stays").hasSize(1);
      } finally {
        etcd.member(0).resume();
      }

      registries.announceUntilPublished(registry, ORDERS, at(2));
      patiently().until(() -> addresses(watch).contains("10.0.0.2:50051"));
      assertThat(leaseState(registries, registry)).isEqualTo(1);
    }
  }

  private static double leaseState(OpenRegistries registries, Registry registry) {
    return registries
        .meters()
        .get(RegistryMeter.LEASE_STATE.spec().name())
        .tag("registry", registry.describe())
        .gauge()
        .value();
  }
}
