package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The times at which a range is read again beside its watch, in virtual time. */
class RelistScheduleTest {
  private static final Duration STEP = Duration.ofMillis(10);
  private static final int RELISTS = 40;

  /** A read takes some steps, and is seen at the end of one. */
  private static final Duration READ = Duration.ofMillis(500);

  @ParameterizedTest
  @CsvSource({"1s,10s", "10s,10s", "10s,30s", "5m,10s"})
  void eachListComesBetweenHalfOfTheIntervalAndAllOfItAfterTheLast(String relist, String ttl) {
    VirtualScheduler scheduler = new VirtualScheduler();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Random random = new Random(7);
    String uri = "etcd://simulated/prod?relist=" + relist + "&ttl=" + ttl;
    EtcdOptions options = EtcdOptions.of(RegistryUri.parse(uri), Map.of());
    EtcdRegistry registry =
        new EtcdRegistry(
            "simulated",
            options,
            new RegistryContext(scheduler, meters, random, Map.of()),
            new SimulatedTransport(new SimulatedEtcd(scheduler), scheduler, random));
    var unused = registry.watch(ServiceName.parse("prod/orders"), new RecordedWatch(scheduler));

    List<Duration> pauses = new ArrayList<>();
    Duration last = scheduler.virtualClock().elapsed();
    Duration end = options.relist().multipliedBy(2L * RELISTS);
    for (int seen = 0; pauses.size() < RELISTS && last.compareTo(end) < 0; ) {
      scheduler.advance(STEP);
      int now = relists(meters);
      Duration elapsed = scheduler.virtualClock().elapsed();
      if (now > seen || elapsed.compareTo(end) >= 0) {
        pauses.add(elapsed.minus(last));
        last = elapsed;
        seen = now;
      }
    }

    assertThat(pauses)
        .hasSize(RELISTS)
        .allMatch(pause -> pause.compareTo(options.relist().dividedBy(2)) >= 0)
        .allMatch(pause -> pause.compareTo(options.relist().plus(READ)) <= 0);
  }

  private static int relists(SimpleMeterRegistry meters) {
    return meters.find(RegistryMeter.LISTS_READ_AGAIN.meterName()).counters().stream()
        .mapToInt(counter -> (int) counter.count())
        .sum();
  }
}
