package dev.holdfast.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private final Arrivals arrivals = new Arrivals();
  private final Arrivals.Reader reader = arrivals.new Reader();

  @Test
  void theFirstRecordsOfAFleetAreNoChanges() {
    assertThat(reader.hasStarted()).isFalse();
    reader.onList(List.of(put(1, 0), put(2, 0), Endpoint.of("127.0.0.1:3")));
    assertThat(reader.hasStarted()).isTrue();
    assertThat(arrivals.count()).isZero();
    assertThat(arrivals.lists()).isEqualTo(1);
  }

  @Test
  void aListCountsEveryChangeThatIsNewInItOnce() {
    long now = System.nanoTime();
    reader.onList(List.of(put(1, 0)));
    reader.onList(List.of(put(1, 0), put(2, now - 3_000_000), put(3, now - 2_000_000)));
    reader.onList(List.of(put(2, now - 3_000_000), put(3, now - 2_000_000)));
    reader.onList(List.of(put(3, now - 2_000_000), put(4, now - 1_000_000)));
    assertThat(arrivals.count()).isEqualTo(3);
    assertThat(arrivals.micros().getMinValue()).isGreaterThanOrEqualTo(1_000);
    assertThat(arrivals.maxMillis()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void theShareOfTheChannelsIsCountedExactly() {
    assertThat(FleetWriter.changesBelow(200, 1_000, 30_000)).isEqualTo(6_000);
    assertThat(FleetWriter.changesBelow(0, 10, 25)).isZero();
    assertThat(FleetWriter.changesBelow(10, 10, 25)).isEqualTo(25);
    assertThat(FleetWriter.changesBelow(3, 10, 25) + 20 - 6).isBetween(20L, 23L);
  }

  private static Endpoint put(int port, long nanos) {
    return Endpoint.of("127.0.0.1:" + port)
        .withMetadata(Map.of(FleetWriter.MARKER, Long.toString(nanos)));
  }
}
