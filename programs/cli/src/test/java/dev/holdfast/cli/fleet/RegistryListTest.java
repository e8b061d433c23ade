package dev.holdfast.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RegistryListTest {
  private static final Endpoint ONE = Endpoint.of("10.0.0.1:1");
  private static final Endpoint OTHER = Endpoint.of("10.0.0.2:1");

  @Test
  void endpointInUseIsComparedWithTheRegistrysOwnList() {
    RegistryList follows = list(EndpointListState.FOLLOWING, EndpointSet.of(ONE));
    assertThat(follows.of(ONE)).isEqualTo("listed");
    assertThat(follows.of(ONE.withDraining(true))).isEqualTo("listed as eligible");

    RegistryList doubted = list(EndpointListState.CONFIRMING, EndpointSet.of(ONE));
    assertThat(doubted.of(ONE)).isEqualTo("listed: confirming 3s");
    assertThat(doubted.of(OTHER)).isEqualTo("not listed, kept: confirming 3s");
  }

  @Test
  void serviceWithoutEndpointsIsNotOneThatIsUnknown() {
    assertThat(RegistryList.UNKNOWN.ofNone()).isEqualTo("not heard yet");
    assertThat(RegistryList.UNKNOWN.of(ONE)).isEqualTo("not heard yet");
    assertThat(list(EndpointListState.FOLLOWING, EndpointSet.EMPTY).ofNone())
        .isEqualTo("none listed");
    assertThat(list(EndpointListState.STALE, EndpointSet.EMPTY).ofNone())
        .isEqualTo("none listed: stale 3s");
  }

  private static RegistryList list(EndpointListState state, EndpointSet received) {
    return new RegistryList(state, Optional.of(Duration.ofSeconds(3)), Optional.of(received));
  }
}
