package dev.holdfast.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.grpc.Holdfast;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A device whose connection is cut while it reports. */
class TelemetryTest {
  @Test
  void eachReadingIsCountedOnceThroughCuts() throws IOException {
    Server server = TelemetryServer.start(0);
    try (TcpRelay relay = TcpRelay.toPort(server.getPort())) {
      ManagedChannel channel =
          Grpc.newChannelBuilder("127.0.0.1:" + relay.port(), InsecureChannelCredentials.create())
              .intercept(Holdfast.resumable())
              .build();
      CompletableFuture<Boolean> counted =
          CompletableFuture.supplyAsync(() -> TelemetryClient.report(channel, 200));
      for (int cuts = 1; cuts <= 3; cuts++) {
        int connections = cuts;
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> counted.isDone() || relay.acceptedCount() >= connections);
        await().atMost(Duration.ofSeconds(30)).until(() -> counted.isDone() || isAttached());
        relay.cut();
      }
      assertThat(counted.join()).isTrue();
      channel.shutdownNow();
    } finally {
      server.shutdownNow();
    }
  }

  private static boolean isAttached() {
    return Holdfast.client().sessions().stream()
        .anyMatch(session -> session.state().isAttached() && session.acked() > 0);
  }
}
