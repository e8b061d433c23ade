package dev.holdfast.gateway.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.cluster.ClusterOptions;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long a call waits for a connection, by how long one may take. */
class ConnectionWaitTest {
  @ParameterizedTest
  @CsvSource({"PT0.01S, PT10S", "PT5S, PT10S", "PT9S, PT10S", "PT10S, PT11S", "PT1M, PT1M1S"})
  void outlastsTheTimeThatAConnectionMayTake(Duration connectTimeout, Duration wait) {
    ClusterOptions options = ClusterOptions.DEFAULT.withConnectTimeout(connectTimeout);
    assertThat(RoutedCall.connectionWait(options)).isEqualTo(wait);
  }
}
