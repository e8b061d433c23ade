package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.liveness.LivenessOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What gRPC's own bound on the age of connections does in a server of ours. */
@Execution(ExecutionMode.CONCURRENT)
class MaxConnectionAgeTest {
  private static final Duration AGE = Duration.ofSeconds(3);

  /** A tenth of it is the jitter, which must be more than what a busy machine adds. */
  private static final Duration HIGH_AGE = Duration.ofSeconds(12);

  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final int MANY = 16;

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final List<ClientGone> gone = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void connectionsThatCameTogetherDoNotEndTogether() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"),
            loopbackTopology.server().maxConnectionAge(HIGH_AGE.toMillis(), TimeUnit.MILLISECONDS));
    List<RawPingClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < MANY; i++) {
        clients.add(new RawPingClient(server.getPort()));
      }
      await().atMost(PATIENCE).until(() -> clients.stream().allMatch(RawPingClient::isGone));
      assertThat(clients).allMatch(client -> client.goAway().endsWith("max_age"));
      long earliest = clients.stream().mapToLong(RawPingClient::lifeMillis).min().orElseThrow();
      // A busy machine makes them later and never earlier: less than the age is the jitter.
      assertThat(earliest)
          .isLessThan(HIGH_AGE.toMillis())
          .isGreaterThan(HIGH_AGE.toMillis() * 4 / 5);
    } finally {
      clients.forEach(RawPingClient::close);
    }
  }

  @Test
  void theHandlerOfAStreamHearsOfTheAgeOfItsConnectionAndEndsInOrder() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"),
            loopbackTopology
                .server()
                .maxConnectionAge(AGE.toMillis(), TimeUnit.MILLISECONDS)
                .maxConnectionAgeGrace(1, TimeUnit.HOURS));
    try (MiddleboxClient user =
        new MiddleboxClient("aged", server.getPort(), LivenessOptions.DEFAULT)
            .follow("attentive")) {
      await().atMost(PATIENCE).until(() -> user.words.size() == 3);
      assertThat(user.words).containsExactly("a", WordsService.LAST_WORD, "ended: OK");
      assertThat(server.state()).isEqualTo(HoldfastServer.ServerState.SERVING);
      assertThat(user.call()).isEqualTo("a");
    }
  }

  @Test
  void theDrainOfTheServerReachesStreamsOfConnectionsWithAnAgeToo() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"),
            loopbackTopology.server().maxConnectionAge(1, TimeUnit.HOURS).onClientGone(gone::add));
    try (MiddleboxClient user =
        new MiddleboxClient("drained", server.getPort(), LivenessOptions.DEFAULT)
            .follow("attentive")) {
      await().until(() -> user.words.contains("a"));
      server.shutdown();
      await().until(() -> user.words.size() == 3);
      assertThat(user.words).containsExactly("a", WordsService.LAST_WORD, "ended: OK");
      assertBothEndsNamed(CloseReason.DRAINING, user);
    }
  }

  @Test
  void aHeldStreamHasTheGraceTimeAndNewCallsGoElsewhereMeanwhile() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"),
            loopbackTopology
                .server()
                .maxConnectionAge(AGE.toMillis(), TimeUnit.MILLISECONDS)
                .maxConnectionAgeGrace(2 * AGE.toMillis(), TimeUnit.MILLISECONDS)
                .onClientGone(gone::add));
    try (MiddleboxClient user =
        new MiddleboxClient("aged", server.getPort(), LivenessOptions.DEFAULT).follow("deaf")) {
      await().until(() -> user.words.contains("a"));
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                user.call();
                return user.path.counts().opened() >= 2;
              });
      assertThat(user.words).as("still held").containsExactly("a");
      await().atMost(PATIENCE).until(() -> user.words.size() == 2);
      assertThat(user.words.get(1)).contains("UNAVAILABLE", "description=HF-413");
      assertBothEndsNamed(CloseReason.MAX_AGE, user);
    }
  }

  @Test
  void aConnectionThatIsIdleForTooLongHasTheSameCodeAtBothEnds() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"),
            loopbackTopology
                .server()
                .maxConnectionIdle(1, TimeUnit.SECONDS)
                .onClientGone(gone::add));
    try (MiddleboxClient user =
        new MiddleboxClient("idle", server.getPort(), LivenessOptions.DEFAULT)) {
      assertThat(user.call()).isEqualTo("a");
      assertBothEndsNamed(CloseReason.MAX_IDLE, user);
    }
  }

  private void assertBothEndsNamed(CloseReason why, MiddleboxClient user) {
    await().atMost(PATIENCE).until(() -> user.ended(why) > 0);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(gone)
                    .extracting(ClientGone::reason)
                    .contains(why)
                    .doesNotContain(CloseReason.CLOSED_HERE));
  }
}
