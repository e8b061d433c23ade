package dev.holdfast.cli.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.gateway.config.GatewayConfig;
import org.junit.jupiter.api.Test;

class StartWarningsTest {
  private static final GatewayConfig CONFIG =
      GatewayConfig.EMPTY.withRegistry(RegistryUri.parse("file:///run/services"));

  @Test
  void whoKnowsNoServiceYetIsToldWhereTheyAreLookedFor() {
    assertThat(new StartWarnings(CONFIG, 0, false, false).lines())
        .singleElement()
        .asString()
        .startsWith("no service is known yet in file:///run/services: calls are answered as soon");
    assertThat(new StartWarnings(CONFIG, 1, false, false).lines()).isEmpty();
    assertThat(new StartWarnings(GatewayConfig.EMPTY, 0, false, false).lines())
        .containsExactly(GatewayFile.NO_CLUSTERS);
  }

  @Test
  void whatIsOpenBeyondThisMachineIsSaid() {
    assertThat(new StartWarnings(CONFIG, 1, true, true).lines())
        .satisfiesExactly(
            line -> assertThat(line).contains("plaintext"),
            line -> assertThat(line).contains("admin page"));
  }
}
