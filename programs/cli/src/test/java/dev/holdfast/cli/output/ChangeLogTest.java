package dev.holdfast.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.cli.output.EndpointChange.Kind;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChangeLogTest {
  private static final Endpoint A = Endpoint.of("10.0.0.1:1").withInstance("a");
  private static final Endpoint B = Endpoint.of("10.0.0.2:1").withInstance("b");

  private final ChangeLog log = new ChangeLog();

  @Test
  void everyPropertyIsAChangeOfItsOwn() {
    first(A);

    assertThat(kinds(1, A.withWeight(5))).containsExactly(Kind.WEIGHT);
    assertThat(kinds(2, A.withReady(false))).containsExactly(Kind.UNREADY, Kind.WEIGHT);
    assertThat(kinds(3, A)).containsExactly(Kind.READY);
    assertThat(kinds(4, A.withZone("z"))).containsExactly(Kind.ZONE);
    assertThat(kinds(5, A)).containsExactly(Kind.ZONE);
    assertThat(kinds(6, A.withMetadata(Map.of("k", "v")))).containsExactly(Kind.METADATA);
    assertThat(kinds(7, A.withInstance("new"))).containsExactly(Kind.RESTARTED, Kind.METADATA);
    assertThat(kinds(8, A.withInstance("new").withDraining(true))).containsExactly(Kind.DRAINING);
    assertThat(kinds(9, A.withInstance("new"))).containsExactly(Kind.STAYING);
    assertThat(kinds(10, A.withInstance("new"), B)).containsExactly(Kind.ADDED);
  }

  @Test
  void removalSaysWhetherItWasAnnounced() {
    first(A.withDraining(true), B);

    List<ChangeLog.Entry> entries = log.onEndpoints(EndpointSet.EMPTY, 1);

    assertThat(entries)
        .extracting(entry -> entry.change().cause())
        .containsExactly("drained", "lost: deleted, or its lease ran out");
  }

  @Test
  void ageIsTheTimeSinceTheChangeBefore() {
    first();
    List<ChangeLog.Entry> added = log.onEndpoints(EndpointSet.of(A), seconds(10));
    List<ChangeLog.Entry> weighed = log.onEndpoints(EndpointSet.of(A.withWeight(2)), seconds(14));
    List<ChangeLog.Entry> removed = log.onEndpoints(EndpointSet.EMPTY, seconds(15));

    assertThat(added.get(0).heldFor()).isEmpty();
    assertThat(weighed.get(0).heldFor()).isEqualTo(Optional.of(Duration.ofSeconds(4)));
    assertThat(removed.get(0).heldFor()).isEqualTo(Optional.of(Duration.ofSeconds(1)));
  }

  private void first(Endpoint... endpoints) {
    assertThat(log.onEndpoints(EndpointSet.of(endpoints), 0))
        .allMatch(entry -> entry.change().kind() == Kind.PRESENT);
  }

  private List<Kind> kinds(long nowNanos, Endpoint... endpoints) {
    return log.onEndpoints(EndpointSet.of(endpoints), nowNanos).stream()
        .map(entry -> entry.change().kind())
        .toList();
  }

  private static long seconds(long value) {
    return Duration.ofSeconds(value).toNanos();
  }
}
