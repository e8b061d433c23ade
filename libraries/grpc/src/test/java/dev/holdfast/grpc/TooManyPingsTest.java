package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.PathFaults.CountedTraffic;
import dev.holdfast.lab.PathFaults.IdleAction;
import dev.holdfast.liveness.LivenessOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The end of a connection whose client sent too many PINGs has a code of its own at each end. */
class TooManyPingsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final int ENHANCE_YOUR_CALM = 11;

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void theServerThatCouldNotBearItSaysSo() throws Exception {
    List<ClientGone> gone = new CopyOnWriteArrayList<>();
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), loopbackTopology.server().onClientGone(gone::add));
    try (RawPingClient rude = new RawPingClient(server.getPort())) {
      rude.pingUntilGone(20);
      assertThat(rude.goAway()).isEqualTo(ENHANCE_YOUR_CALM + " too_many_pings");
    }
    await().atMost(PATIENCE).until(() -> !gone.isEmpty());
    assertThat(gone).extracting(ClientGone::reason).containsExactly(CloseReason.TOO_MANY_PINGS);
  }

  @Test
  void theClientThatIsToldSaysSo() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(new WordsService("a"), loopbackTopology.server());
    try (MiddleboxClient user =
        new MiddleboxClient("told", server.getPort(), LivenessOptions.DEFAULT)) {
      user.path.faults(
          PathFaults.builder()
              .goAway(Duration.ofMillis(300), ENHANCE_YOUR_CALM, "too_many_pings")
              .idle(Duration.ofMillis(1_500), IdleAction.CLOSE, CountedTraffic.BYTES)
              .build());
      assertThat(user.call()).isEqualTo("a");
      await().atMost(PATIENCE).until(() -> user.ended(CloseReason.TOO_MANY_PINGS) > 0);
    }
  }
}
