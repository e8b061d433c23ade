package dev.holdfast.bench.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MissingEndpointsTest {
  private static final Endpoint A = Endpoint.of("10.0.0.1:50051");
  private static final Endpoint B = Endpoint.of("10.0.0.2:50051");

  private final MissingEndpoints follower =
      new MissingEndpoints(Set.of("10.0.0.1:50051", "10.0.0.2:50051"));

  @Test
  void aGapLastsFromTheFirstEndpointThatIsMissingToTheLastThatIsBack() {
    follower.onEndpoints(EndpointSet.of(A, B));
    follower.begin();

    follower.onEndpoints(EndpointSet.of(A));
    follower.onEndpoints(EndpointSet.EMPTY);
    follower.onEndpoints(EndpointSet.of(B));
    assertThat(follower.gaps()).isEmpty();
    assertThat(follower.missing()).containsExactly("10.0.0.1:50051");
    follower.onEndpoints(EndpointSet.of(A, B));

    assertThat(follower.gaps()).singleElement().extracting("most").isEqualTo(2);
    assertThat(follower.seconds()).isPositive();
  }

  @Test
  void oneThatDrainsGetsNoCallsAndIsMissingToo() {
    follower.onEndpoints(EndpointSet.of(A, B));
    follower.begin();

    follower.onEndpoints(EndpointSet.of(A, B.withDraining(true)));

    assertThat(follower.missing()).containsExactly("10.0.0.2:50051");
  }

  @Test
  void whatIsMissingBeforeTheBeginningDoesNotCountAndAtTheEndItDoes() {
    follower.onEndpoints(EndpointSet.of(A));
    follower.onEndpoints(EndpointSet.of(A, B));
    follower.begin();
    assertThat(follower.gaps()).isEmpty();

    follower.onEndpoints(EndpointSet.of(B));
    follower.end();

    assertThat(follower.gaps()).singleElement().extracting("most").isEqualTo(1);
  }
}
