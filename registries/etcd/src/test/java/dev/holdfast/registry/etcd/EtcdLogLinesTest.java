package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.core.testkit.RecordedAnnouncement;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A line per change of state, key=value, whatever an etcd and those who write to it do. */
class EtcdLogLinesTest {
  private static final ServiceName ORDERS = ServiceName.parse("prod/orders");
  private static final Endpoint ONE = Endpoint.of("10.0.0.1:50051").withInstance("run-1");

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final Random random = new Random(1);
  private final SimulatedEtcd etcd = new SimulatedEtcd(scheduler);
  private final SimulatedTransport transport = new SimulatedTransport(etcd, scheduler, random);
  private final EtcdRegistry registry =
      new EtcdRegistry(
          "simulated",
          EtcdOptions.of(RegistryUri.parse("etcd://simulated/prod?ttl=6s"), Map.of()),
          new RegistryContext(scheduler, new SimpleMeterRegistry(), random, Map.of()),
          transport);

  @Test
  void aWatchThatBreaksSaysSoOnceAndOnceThatItIsBackHoweverLongItTook() {
    var unused = registry.watch(ORDERS, new RecordedWatch(scheduler));
    var unusedToo = registry.watch(ServiceName.parse("prod/stock"), new RecordedWatch(scheduler));
    scheduler.advance(Duration.ofSeconds(1));
    try (LogLines log = LogLines.ofThisThread(EtcdWatcher.class)) {
      transport.condition(SimulatedTransport.Condition.REFUSED);
      scheduler.advance(Duration.ofHours(3));
      assertThat(log.all()).singleElement().asString().contains(" ranges=2 reason=\"");
      transport.heal();
      scheduler.advance(Duration.ofMinutes(1));

      assertThat(log.untidy()).isEmpty();
      assertThat(events(log))
          .containsExactly("INFO event=etcd_watch_broken", "INFO event=etcd_watch_restored");
    }
  }

  @Test
  void aWatchThatFellBehindACompactionSaysSo() {
    var unused = registry.watch(ORDERS, new RecordedWatch(scheduler));
    try (LogLines log = LogLines.ofThisThread(EtcdWatcher.class)) {
      for (int i = 0; i < 100; i++) {
        scheduler.schedule(
            Duration.ofMillis(4L * i),
            () -> {
              etcd.put("other/key", "value");
              etcd.compact();
            });
      }
      scheduler.advance(Duration.ofMinutes(1));

      assertThat(log.untidy()).isEmpty();
      assertThat(events(log)).contains("INFO event=etcd_watch_canceled");
    }
  }

  @Test
  void aLeaseThatIsLostAndTheRecordsUnderItAreSaid() {
    var unused = registry.announce(ORDERS, ONE, new RecordedAnnouncement(scheduler));
    scheduler.advance(Duration.ofSeconds(1));
    try (LogLines lease = LogLines.ofThisThread(EtcdLease.class);
        LogLines record = LogLines.ofThisThread(EtcdAnnouncement.class)) {
      transport.condition(SimulatedTransport.Condition.REFUSED);
      scheduler.advance(Duration.ofHours(3));

      assertThat(lease.untidy()).isEmpty();
      assertThat(events(lease)).containsExactly("WARN event=etcd_lease_lost");
      assertThat(record.untidy()).isEmpty();
      assertThat(record.all())
          .singleElement()
          .asString()
          .contains("key=prod/orders/10.0.0.1:50051 kind=LEASE_LOST reason=\"");
    }
  }

  @Test
  void aWipeIsSaidOnce() {
    var unused = registry.watch(ORDERS, new RecordedWatch(scheduler));
    scheduler.advance(Duration.ofSeconds(1));
    try (LogLines log = LogLines.ofThisThread(EtcdStore.class)) {
      etcd.wipe(1);
      scheduler.advance(Duration.ofMinutes(10));

      assertThat(log.untidy()).isEmpty();
      assertThat(events(log)).containsExactly("WARN event=etcd_wiped");
    }
  }

  @Test
  void keysAndValuesOfOthersForgeNoLine() {
    etcd.put("prod/orders/x\nevent=forged y=\"1\"", "{\"Addr\":\"no\nevent=forged\"}");
    RecordedWatch watch = new RecordedWatch(scheduler);
    try (LogLines log = LogLines.ofThisThread(MalformedRecords.class)) {
      var unused = registry.watch(ORDERS, watch);
      scheduler.advance(Duration.ofSeconds(1));

      assertThat(etcd.records())
          .containsKey(ByteString.copyFromUtf8("prod/orders/x\nevent=forged y=\"1\""));
      assertThat(log.untidy()).isEmpty();
      assertThat(events(log)).containsExactly("WARN event=etcd_record_skipped");
      assertThat(log.all().get(0)).contains("key=\"prod/orders/x?event=forged y='1'\" reason=\"");
    }
  }

  private static List<String> events(LogLines log) {
    return log.all().stream().map(line -> line.replaceFirst("^(\\w+ \\S+).*$", "$1")).toList();
  }
}
