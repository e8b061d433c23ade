package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.core.testkit.RecordedAnnouncement;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Leases that do and that do not outlive a request to which nobody answers. */
class LeaseMarginTest {
  private static final ServiceName ORDERS = ServiceName.parse("prod/orders");
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final Random random = new Random(1);
  private final SimulatedTransport transport =
      new SimulatedTransport(new SimulatedEtcd(scheduler), scheduler, random);
  private final RecordedAnnouncement record = new RecordedAnnouncement(scheduler);

  @ParameterizedTest
  @CsvSource({"2s, 1s", "6s, 3s", "10s, 3s", "10s, 5s", "1h, 1m"})
  void aLeaseOfWhichNobodyWarnsOutlivesASilentRequest(String ttl, String timeout) {
    EtcdRegistry registry = registry("ttl=" + ttl + "&request-timeout=" + timeout);
    try (LogLines log = LogLines.ofThisThread(EtcdLease.class)) {
      announceAndLoseOneKeepalive(registry);

      assertThat(log.all()).noneMatch(line -> line.startsWith("WARN"));
      assertThat(record.end()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2s, 3s, '6s', '1s'",
    "6s, 4s, '8s', '3s'",
    "5s, 10s, '20s', '2500ms'",
    "10s, 1m, '2m', '5s'"
  })
  void aLeaseThatDoesNotIsWarnedOf(String ttl, String timeout, String least, String most) {
    EtcdRegistry registry = registry("ttl=" + ttl + "&request-timeout=" + timeout);
    try (LogLines log = LogLines.ofThisThread(EtcdLease.class)) {
      announceAndLoseOneKeepalive(registry);

      assertThat(log.untidy()).isEmpty();
      assertThat(log.all())
          .contains(
              "WARN event=etcd_ttl_too_short ttl="
                  + ttl
                  + " request_timeout="
                  + timeout
                  + " expected=\"ttl: at least "
                  + least
                  + ", or request-timeout: at most "
                  + most
                  + "\" reason=\"a request that is not answered lasts until the lease has run out,"
                  + " and all records of this process with it\"");
      assertThat(record.end())
          .map(RegistryException::kind)
          .contains(RegistryException.RegistryErrorKind.LEASE_LOST);
    }
  }

  @Test
  void itIsSaidOnceHoweverOftenTheLeaseIsLost() {
    EtcdRegistry registry = registry("ttl=6s&request-timeout=10s");
    try (LogLines log = LogLines.ofThisThread(EtcdLease.class)) {
      for (int i = 1; i <= 3; i++) {
        var unused =
            registry.announce(
                ORDERS, Endpoint.of("10.0.0." + i + ":1"), new RecordedAnnouncement(scheduler));
        scheduler.advance(SECOND);
        transport.condition(SimulatedTransport.Condition.SILENT);
        scheduler.advance(Duration.ofMinutes(1));
        transport.heal();
      }
      assertThat(log.all()).filteredOn(line -> line.contains("etcd_lease_lost")).hasSize(3);
      assertThat(log.all()).filteredOn(line -> line.contains("etcd_ttl_too_short")).hasSize(1);
    }
  }

  @Test
  void recordsWithoutALeaseHaveNoneToLose() {
    EtcdRegistry registry = registry("ttl=2s&request-timeout=10s&lease=none");
    try (LogLines log = LogLines.ofThisThread(EtcdLease.class)) {
      announceAndLoseOneKeepalive(registry);
      assertThat(log.all()).isEmpty();
    }
  }

  /** As many members as may be silent in a cluster that serves are asked before one answers. */
  @ParameterizedTest
  @CsvSource({"1, 5s", "2, 10s", "3, 15s", "4, 15s", "5, 7500ms", "7, 5s", "32, 5s"})
  void moreMembersAllowALongerRequestAsLongAsAMinorityIsSilent(int members, String most) {
    EtcdOptions options = options("etcd://h1/prod?ttl=10s&endpoints=" + names(members));
    LeaseMargin margin = LeaseMargin.of(options.ttl(), options);
    assertThat(DurationText.format(margin.mostRequestTimeout())).isEqualTo(most);
    int tries = Math.min(members, 3);
    int silent = Math.min(tries, Math.max(1, (members - 1) / 2));
    Duration lastTry =
        options
            .ttl()
            .dividedBy(3)
            .plus(margin.mostRequestTimeout().dividedBy(tries).multipliedBy(silent));
    assertThat(lastTry).isLessThan(options.ttl());
  }

  /** The keepalive that comes first is never answered, all that is asked afterwards is. */
  private void announceAndLoseOneKeepalive(EtcdRegistry registry) {
    var unused = registry.announce(ORDERS, Endpoint.of("10.0.0.1:50051"), record);
    scheduler.advance(Duration.ofMillis(200));
    assertThat(record.end()).isEmpty();
    transport.condition(SimulatedTransport.Condition.SILENT);
    scheduler.advance(registry.recordTtl().dividedBy(3));
    transport.heal();
    scheduler.advance(registry.recordTtl().plus(SECOND));
  }

  private EtcdRegistry registry(String options) {
    return new EtcdRegistry(
        "simulated",
        options("etcd://simulated/prod?" + options),
        new RegistryContext(scheduler, new SimpleMeterRegistry(), random, Map.of()),
        transport);
  }

  private static EtcdOptions options(String uri) {
    return EtcdOptions.of(RegistryUri.parse(uri), Map.of());
  }

  private static String names(int members) {
    StringBuilder names = new StringBuilder("h1");
    for (int i = 2; i <= members; i++) {
      names.append(",h").append(i);
    }
    return names.toString();
  }
}
