package dev.holdfast.grpc.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class CallMetersTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final CallMeters meters = new CallMeters(registry);

  @Test
  void methodsBeyondTheBoundShareOneSeries() {
    for (int i = 0; i < CallMeters.MAX_COMBINATIONS + 100; i++) {
      meters.serverStarted("test.Words/Get" + i).increment();
    }

    assertThat(registry.get("grpc.server.call.started").counters())
        .hasSize(CallMeters.MAX_COMBINATIONS + 1);
    assertThat(
            registry.get("grpc.server.call.started").tag("grpc.method", "other").counter().count())
        .isEqualTo(100);
  }

  @Test
  void knownSeriesAreFoundBeyondTheBound() {
    meters.serverCall("test.Words/Get", Status.Code.OK).sent().record(1);
    for (int i = 0; i < CallMeters.MAX_COMBINATIONS; i++) {
      meters.serverCall("test.Words/Get" + i, Status.Code.OK);
    }

    meters.serverCall("test.Words/Get", Status.Code.OK).sent().record(1);

    assertThat(
            registry
                .get("grpc.server.call.sent_total_compressed_message_size")
                .tag("grpc.method", "test.Words/Get")
                .summary()
                .count())
        .isEqualTo(2);
  }
}
