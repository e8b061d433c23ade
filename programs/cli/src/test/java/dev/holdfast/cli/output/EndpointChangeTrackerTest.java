package dev.holdfast.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.cli.output.EndpointChange.EndpointChangeKind;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EndpointChangeTrackerTest {
  private static final Endpoint A = Endpoint.of("10.0.0.1:1").withInstance("a");
  private static final Endpoint B = Endpoint.of("10.0.0.2:1").withInstance("b");

  private final EndpointChangeTracker log = new EndpointChangeTracker();

  @Test
  void everyPropertyIsAChangeOfItsOwn() {
    first(A);

    assertThat(kinds(1, A.withWeight(5))).containsExactly(EndpointChangeKind.WEIGHT);
    assertThat(kinds(2, A.withReady(false)))
        .containsExactly(EndpointChangeKind.UNREADY, EndpointChangeKind.WEIGHT);
    assertThat(kinds(3, A)).containsExactly(EndpointChangeKind.READY);
    assertThat(kinds(4, A.withZone("z"))).containsExactly(EndpointChangeKind.ZONE);
    assertThat(kinds(5, A)).containsExactly(EndpointChangeKind.ZONE);
    assertThat(kinds(6, A.withMetadata(Map.of("k", "v"))))
        .containsExactly(EndpointChangeKind.METADATA);
    assertThat(kinds(7, A.withInstance("new")))
        .containsExactly(EndpointChangeKind.RESTARTED, EndpointChangeKind.METADATA);
    assertThat(kinds(8, A.withInstance("new").withDraining(true)))
        .containsExactly(EndpointChangeKind.DRAINING);
    assertThat(kinds(9, A.withInstance("new"))).containsExactly(EndpointChangeKind.STAYING);
    assertThat(kinds(10, A.withInstance("new"), B)).containsExactly(EndpointChangeKind.ADDED);
  }

  @Test
  void removalSaysWhetherItWasAnnounced() {
    first(A.withDraining(true), B);

    List<EndpointChangeTracker.AgedEndpointChange> agedEndpointChanges =
        log.onEndpoints(EndpointSet.EMPTY, 1);

    assertThat(agedEndpointChanges)
        .extracting(agedEndpointChange -> agedEndpointChange.change().cause())
        .containsExactly("drained", "lost: deleted, or its lease ran out");
  }

  @Test
  void ageIsTheTimeSinceTheChangeBefore() {
    first();
    List<EndpointChangeTracker.AgedEndpointChange> added =
        log.onEndpoints(EndpointSet.of(A), seconds(10));
    List<EndpointChangeTracker.AgedEndpointChange> weighed =
        log.onEndpoints(EndpointSet.of(A.withWeight(2)), seconds(14));
    List<EndpointChangeTracker.AgedEndpointChange> removed =
        log.onEndpoints(EndpointSet.EMPTY, seconds(15));

    assertThat(added.get(0).heldFor()).isEmpty();
    assertThat(weighed.get(0).heldFor()).isEqualTo(Optional.of(Duration.ofSeconds(4)));
    assertThat(removed.get(0).heldFor()).isEqualTo(Optional.of(Duration.ofSeconds(1)));
  }

  private void first(Endpoint... endpoints) {
    assertThat(log.onEndpoints(EndpointSet.of(endpoints), 0))
        .allMatch(
            agedEndpointChange -> agedEndpointChange.change().kind() == EndpointChangeKind.PRESENT);
  }

  private List<EndpointChangeKind> kinds(long nowNanos, Endpoint... endpoints) {
    return log.onEndpoints(EndpointSet.of(endpoints), nowNanos).stream()
        .map(agedEndpointChange -> agedEndpointChange.change().kind())
        .toList();
  }

  private static long seconds(long value) {
    return Duration.ofSeconds(value).toNanos();
  }
}
