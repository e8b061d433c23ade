package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.ORDERS;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.LastKnownGoodOptions;
import dev.holdfast.core.registration.InstanceRegistration;
import dev.holdfast.registry.etcd.proto.KeyValue;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine whose wall clock jumps a day, with a real etcd. */
class ClockJumpTest {
  private static final String KEY = "test/orders/10.0.0.1:50051";

  /** Longer than a record could stay without its lease being kept. */
  private static final Duration WATCHED = Duration.ofSeconds(9);

  private final JumpingScheduler scheduler = new JumpingScheduler();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final RegistryContext context =
      new RegistryContext(scheduler, meters, RandomGenerator.of("L64X128MixRandom"), Map.of());

  @AfterEach
  void close() {
    scheduler.close();
  }

  @Test
  void aWallClockThatJumpsADayLosesNothingAndRegistersNothingAgain() {
    try (EtcdCluster etcd = EtcdCluster.start(1);
        RawEtcd raw = RawEtcd.at(etcd);
        EndpointDirectory directory = directory(etcd.uri("", "ttl=8s", "request-timeout=5s"))) {
      Lists lists = new Lists();
      Subscription unused = directory.subscribe(ORDERS, lists);
      InstanceRegistration registration =
          InstanceRegistration.start(directory.registry(), ORDERS, at(1), context);
      patiently().until(() -> lists.lastSize() == 1);
      KeyValue record = raw.get(KEY).orElseThrow();
      int heard = lists.all.size();

      for (int days : new int[] {1, -1, 365}) {
        scheduler.setAhead(Duration.ofDays(days));

        patiently()
            .during(WATCHED)
            .until(
                () ->
                    registration.state() == RegistrationState.VISIBLE
                        && raw.get(KEY).filter(record::equals).isPresent()
                        && directory.state(ORDERS) == EndpointListState.FOLLOWING);
        assertThat(lists.all).as("%d days ahead", days).hasSize(heard);
        assertThat(directory.age(ORDERS).orElseThrow()).isLessThan(WATCHED);

        raw.put("test/orders/x", "10.0.0.2:50051");
        patiently().until(() -> lists.lastSize() == 2);
        raw.delete("test/orders/x");
        patiently().until(() -> lists.lastSize() == 1);
        heard = lists.all.size();
      }

      assertThat(count(RegistryMeter.REGISTRATION_ATTEMPTS)).isEqualTo(1);
      assertThat(count(RegistryMeter.REGISTRATION_RESTORED)).isZero();
      assertThat(count(RegistryMeter.WATCH_RESTARTS)).isZero();
      assertThat(lists.troubles).isEmpty();
      OpenRegistries.patiently()
          .until(() -> registration.withdraw().toCompletableFuture().isDone());
    }
  }

  @Test
  void aCertificateRotatedWhileTheClockIsWrongIsUsedOnceItIsRight(@TempDir Path folder)
      throws Exception {
    Certificates certificates = new Certificates(folder);
    Certificates.Pair server = certificates.issue("server", 1);
    Certificates.Pair first = certificates.issue("first", 1);
    Certificates.Pair second = certificates.issue("second", 1);
    Path cert = Files.copy(first.cert(), folder.resolve("rotating.crt"));
    Path key = Files.copy(first.key(), folder.resolve("rotating.key"));
    try (EtcdCluster etcd =
            EtcdCluster.start(
                1,
                "--cert-file=" + server.cert(),
                "--key-file=" + server.key(),
                "--client-cert-auth",
                "--trusted-ca-file=" + certificates.ca());
        CapturedLogs logs = new CapturedLogs(scheduler);
        Registry registry =
            open(
                etcd.uri(
                    "",
                    "ca=" + certificates.ca(),
                    "cert=" + cert,
                    "key=" + key,
                    "request-timeout=30s"))) {
      assertThat(read(registry, ORDERS)).isNotNull();

      scheduler.setAhead(Duration.ofDays(3));
      Files.copy(second.cert(), cert, StandardCopyOption.REPLACE_EXISTING);
      Files.copy(second.key(), key, StandardCopyOption.REPLACE_EXISTING);
      patiently()
          .until(
              () ->
                  read(registry, ORDERS).endpoints().isEmpty()
                      && !logs.containing("expired at").isEmpty());
      assertThat(logs.containing("etcd_tls_reloaded")).isEmpty();

      scheduler.setAhead(Duration.ZERO);
      patiently()
          .until(
              () ->
                  read(registry, ORDERS).endpoints().isEmpty()
                      && logs.containing("etcd_tls_reloaded").size() == 1);
    }
  }

  private double count(RegistryMeter meter) {
    return meters.find(meter.meterName()).counters().stream().mapToDouble(c -> c.count()).sum();
  }

  private EndpointDirectory directory(String uri) {
    Registry registry = open(uri);
    return EndpointDirectory.over(
        registry, context, LastKnownGoodOptions.forTtl(registry.recordTtl()));
  }

  private Registry open(String uri) {
    return new EtcdRegistryProvider().open(RegistryUri.parse(uri), context);
  }

  /** Everything that a consumer of the list was told. */
  private static final class Lists implements EndpointsListener {
    private final List<EndpointSet> all = new CopyOnWriteArrayList<>();
    private final List<RegistryException> troubles = new CopyOnWriteArrayList<>();

    @Override
    public void onEndpoints(EndpointSet endpoints) {
      all.add(endpoints);
    }

    @Override
    public void onFailure(RegistryException cause) {
      troubles.add(cause);
    }

    int lastSize() {
      return all.isEmpty() ? -1 : all.get(all.size() - 1).size();
    }
  }
}
