package dev.holdfast.bench.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PropagationDelaysTest {
  private final PropagationDelays propagationDelays = new PropagationDelays();
  private final PropagationDelays.Reader reader = propagationDelays.new Reader();

  @Test
  void theFirstRecordsOfAFleetAreNoChanges() {
    assertThat(reader.hasStarted()).isFalse();
    reader.onList(List.of(put(1, 0), put(2, 0), Endpoint.of("127.0.0.1:3")));
    assertThat(reader.hasStarted()).isTrue();
    assertThat(propagationDelays.count()).isZero();
    assertThat(propagationDelays.lists()).isEqualTo(1);
  }

  @Test
  void aListCountsEveryChangeThatIsNewInItOnce() {
    long now = System.nanoTime();
    reader.onList(List.of(put(1, 0)));
    reader.onList(List.of(put(1, 0), put(2, now - 3_000_000), put(3, now - 2_000_000)));
    reader.onList(List.of(put(2, now - 3_000_000), put(3, now - 2_000_000)));
    reader.onList(List.of(put(3, now - 2_000_000), put(4, now - 1_000_000)));
    assertThat(propagationDelays.count()).isEqualTo(3);
    assertThat(propagationDelays.micros().getMinValue()).isGreaterThanOrEqualTo(1_000);
    assertThat(propagationDelays.maxMillis()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void theShareOfTheChannelsIsCountedExactly() {
    // Services, endpoints, channels, changes per second, seconds of warm-up, seconds that count.
    assertThat(new FleetSize(1_000, 50, 200, 500, 0, 60).channelChanges()).isEqualTo(6_000);
    assertThat(new FleetSize(10, 2, 0, 5, 1, 5).channelChanges()).isZero();
    assertThat(new FleetSize(10, 2, 10, 5, 1, 5).channelChanges()).isEqualTo(25);
    FleetSize uneven = new FleetSize(10, 2, 3, 5, 1, 5);
    assertThat(uneven.channelChanges()).isBetween(6L, 9L);
    assertThat(FleetSize.parse(uneven.arguments())).isEqualTo(uneven);
  }

  @Test
  void whatTheWriterSaysIsUnderstood() {
    FleetWriter.Done done = new FleetWriter.Done(30_000, 1, 60.001, 3.5, 2.25, 9.125, 10.5);
    assertThat(FleetWriter.Done.parse(done.toString())).isEqualTo(done);
  }

  private static Endpoint put(int port, long nanos) {
    return Endpoint.of("127.0.0.1:" + port)
        .withMetadata(Map.of(FleetWriter.MARKER, Long.toString(nanos)));
  }
}
