package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedAnnouncement;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.KeyValue;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A record on its way out, and the one that follows it at the same address. */
class AbandonedRecordTest {
  private static final ServiceName ORDERS = ServiceName.parse("prod/orders");
  private static final Endpoint ONE = Endpoint.of("10.0.0.1:50051").withInstance("run-1");
  private static final ByteString KEY = ByteString.copyFromUtf8("prod/orders/10.0.0.1:50051");
  private static final Endpoint TWO = Endpoint.of("10.0.0.2:50051").withInstance("run-1");

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final SimulatedEtcd etcd = new SimulatedEtcd(scheduler);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theRecordAnnouncedNextIsNotDeletedByTheOneOnItsWayOut(long seed) {
    Random random = new Random(seed * 0x9E3779B97F4A7C15L);
    SimulatedTransport transport = new SimulatedTransport(etcd, scheduler, random);
    EtcdRegistry registry = open(transport, random);
    var unused = registry.announce(ORDERS, TWO, new RecordedAnnouncement(scheduler));
    scheduler.advance(Duration.ofSeconds(1));
    transport.lostAnswers(1);
    RecordedAnnouncement unanswered = new RecordedAnnouncement(scheduler);
    var first = registry.announce(ORDERS, ONE, unanswered);
    scheduler.advance(Duration.ofMillis(50));
    transport.heal();
    scheduler.advance(Duration.ofSeconds(8));
    assertThat(unanswered.end()).as("the first attempt %s", first).isPresent();
    transport.condition(SimulatedTransport.Condition.REFUSED);
    scheduler.advance(Duration.ofSeconds(6));

    transport.heal();
    RecordedAnnouncement next = new RecordedAnnouncement(scheduler);
    var again = registry.announce(ORDERS, ONE, next);
    scheduler.advance(Duration.ofSeconds(20));

    assertThat(next.end()).as("the second attempt %s", again).isEmpty();
    assertThat(etcd.records()).containsKey(KEY);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aDeletionUnderWayDoesNotReachTheRecordAnnouncedNext(long seed) {
    Random random = new Random(seed * 0x9E3779B97F4A7C15L);
    SimulatedTransport transport = new SimulatedTransport(etcd, scheduler, random);
    EtcdRegistry registry = open(transport, random);
    var first = registry.announce(ORDERS, ONE, new RecordedAnnouncement(scheduler));
    scheduler.advance(Duration.ofSeconds(1));
    List<Event> changes = new ArrayList<>();
    RecordedAnnouncement next = new RecordedAnnouncement(scheduler);

    var withdrawal = first.withdraw();
    var again = registry.announce(ORDERS, ONE, next);
    etcd.follow(change -> changes.addAll(change.events()));
    scheduler.advance(Duration.ofSeconds(1));

    assertThat(withdrawal).as("the withdrawal").isCompleted();
    assertThat(next.end()).as("the second attempt %s", again).isEmpty();
    List<Long> written =
        changes.stream()
            .filter(e -> e.getType() == Event.EventType.PUT && !isDraining(e))
            .map(e -> e.getKv().getModRevision())
            .toList();
    assertThat(written).as("writes of %s", changes).hasSize(1);
    assertThat(etcd.records().values())
        .extracting(KeyValue::getModRevision)
        .containsExactlyElementsOf(written);
  }

  private static boolean isDraining(Event event) {
    return event.getKv().getValue().toStringUtf8().contains("\"draining\":true");
  }

  private EtcdRegistry open(SimulatedTransport transport, Random random) {
    RegistryUri uri = RegistryUri.parse("etcd://simulated/prod?ttl=10s&request-timeout=1s");
    return new EtcdRegistry(
        "simulated",
        EtcdOptions.of(uri, Map.of()),
        new RegistryContext(scheduler, new SimpleMeterRegistry(), random, Map.of()),
        transport);
  }
}
