package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.HostPort;
import dev.holdfast.lab.RelayDirection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A server that is overloaded answers PINGs later than stock keepalive waits for. The floor of
 * grpc-java's client, 10 s, does not scale; answer and timeout are a fourth of 20 s and of 8 s.
 */
@Execution(ExecutionMode.CONCURRENT)
class SlowServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration ANSWERS_AFTER = Duration.ofSeconds(5);
  private static final int STOCK_FLOOR_SECONDS = 10;
  private static final int STOCK_TIMEOUT_SECONDS = 2;
  private static final LivenessOptions QUICK =
      LivenessOptions.DEFAULT
          .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(STOCK_TIMEOUT_SECONDS))
          .withPingPermit(LoopbackTopology.PERMIT);

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void aHeldStreamSurvivesAnAnswerThatStockKeepaliveDiesOf() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (TcpRelay path = TcpRelay.toPort(server.getPort())) {
      loopbackTopology.announce(path.address());
      HeldStream held =
          talk(
              loopbackTopology.channel(
                  loopbackTopology.builder().retryIdempotent(false).liveness(QUICK)),
              "a");
      HeldStream stock = talk(stock(path.port()), "a");
      path.delay(RelayDirection.TO_CLIENT, ANSWERS_AFTER);

      Status end = stock.awaitEnd();
      assertThat(end.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(end.getDescription()).contains("Keepalive failed");
      assertThat(loopbackTopology.count("holdfast.liveness.suspected", "role", "client"))
          .isPositive();
      await()
          .atMost(PATIENCE)
          .until(() -> loopbackTopology.count("holdfast.liveness.recovered", "role", "client") > 0);
      held.say("still there?");
      await().atMost(PATIENCE).until(() -> held.heard().equals(List.of("a", "a still there?")));
    }
  }

  private ManagedChannel stock(int port) {
    return loopbackTopology.keep(
        Grpc.newChannelBuilder(
                new HostPort("127.0.0.1", port).toString(), InsecureChannelCredentials.create())
            .keepAliveTime(STOCK_FLOOR_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(STOCK_TIMEOUT_SECONDS, TimeUnit.SECONDS)
            .build());
  }

  private static HeldStream talk(ManagedChannel channel, String name) {
    HeldStream stream = HeldStream.talk(channel);
    await().atMost(PATIENCE).until(() -> stream.heard().equals(List.of(name)));
    return stream;
  }
}
