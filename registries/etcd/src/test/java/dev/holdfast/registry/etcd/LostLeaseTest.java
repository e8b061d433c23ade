package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedAnnouncement;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The records of a lease that was revoked; news of each of them comes on its own, in any order. */
class LostLeaseTest {
  private static final ServiceName ORDERS = ServiceName.parse("prod/orders");
  private static final int SCHEDULES = 200;
  private static final int RECORDS = 4;

  @Test
  void everyRecordHearsThatTheLeaseIsLostHoweverLateItsOwnNews() {
    for (int seed = 1; seed <= SCHEDULES; seed++) {
      assertThat(endsOfRecords(seed))
          .as("seed %d", seed)
          .hasSize(RECORDS)
          .containsOnly(RegistryException.RegistryErrorKind.LEASE_LOST);
    }
  }

  private static List<RegistryException.RegistryErrorKind> endsOfRecords(long seed) {
    VirtualScheduler scheduler = new VirtualScheduler();
    Random random = new Random(seed * 0x9E3779B97F4A7C15L);
    SimulatedEtcd etcd = new SimulatedEtcd(scheduler);
    EtcdRegistry registry =
        new EtcdRegistry(
            "simulated",
            EtcdOptions.of(RegistryUri.parse("etcd://simulated/prod?ttl=60s"), Map.of()),
            new RegistryContext(scheduler, new SimpleMeterRegistry(), random, Map.of()),
            new SimulatedTransport(etcd, scheduler, random));
    List<RecordedAnnouncement> announced = new ArrayList<>();
    for (int i = 1; i <= RECORDS; i++) {
      RecordedAnnouncement record = new RecordedAnnouncement(scheduler);
      var unused = registry.announce(ORDERS, Endpoint.of("10.0.0." + i + ":50051"), record);
      announced.add(record);
    }
    scheduler.advance(Duration.ofSeconds(5));
    assertThat(etcd.records()).hasSize(RECORDS);

    etcd.leases().forEach(etcd::revoke);
    scheduler.advance(Duration.ofSeconds(10));

    List<RegistryException.RegistryErrorKind> ends = new ArrayList<>();
    for (RecordedAnnouncement record : announced) {
      record.end().ifPresent(end -> ends.add(end.kind()));
    }
    return ends;
  }
}
