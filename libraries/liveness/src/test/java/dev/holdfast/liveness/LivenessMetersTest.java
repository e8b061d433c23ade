package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.CloseReason;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** What is counted of connections. */
class LivenessMetersTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void theChannelsOfAProcessAddUpInOneGauge() {
    LivenessMeters one = LivenessMeters.on(registry, ConnectionRole.CLIENT);
    LivenessMeters other = LivenessMeters.on(registry, ConnectionRole.CLIENT);
    one.opened();
    other.opened();
    other.moved(LivenessState.OPENING, LivenessState.LIVE);
    assertThat(gauge("OPENING")).isEqualTo(1);
    assertThat(gauge("LIVE")).isEqualTo(1);
  }

  @Test
  void everyReasonOfConnectionsIsCountedByItsCode() {
    LivenessMeters meters = LivenessMeters.on(registry, ConnectionRole.SERVER);
    InetSocketAddress peer = InetSocketAddress.createUnresolved("peer", 1);
    for (CloseReason reason : CloseReason.values()) {
      meters.suspected(ConnectionRole.SERVER, reason, peer);
      meters.closed(ConnectionRole.SERVER, reason, peer);
    }
    assertThat(registry.find("holdfast.liveness.closed").counters())
        .hasSizeGreaterThan(10)
        .allMatch(counter -> counter.count() == 1);
    assertThat(registry.find("holdfast.liveness.suspected").counters())
        .allMatch(counter -> counter.count() == 1);
  }

  private double gauge(String state) {
    return registry.get("holdfast.liveness.connections").tag("state", state).gauge().value();
  }
}
