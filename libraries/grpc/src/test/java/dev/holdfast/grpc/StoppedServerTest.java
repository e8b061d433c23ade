package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A server process is stopped (SIGSTOP): its kernel goes on accepting and acknowledging for it, and
 * nobody answers.
 */
@Execution(ExecutionMode.CONCURRENT)
class StoppedServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration WINDOW = Duration.ofSeconds(2);
  private static final LivenessOptions QUICK =
      LivenessOptions.DEFAULT
          .withSafeIdle(Duration.ofSeconds(1))
          .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
          .withPingPermit(LoopbackTopology.PERMIT)
          .withConnectWithin(Duration.ofSeconds(4));

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void aServerThatIsStoppedForTooLongLosesItsConnectionWithAReasonAndNoNewCallWaitsForIt()
      throws Exception {
    HoldfastServer other =
        loopbackTopology.serveUnregistered(new WordsService("other"), loopbackTopology.server());
    try (RecordedJvm child = RecordedJvm.start(WordsProgram.class, "stopped")) {
      InetSocketAddress stopped = addressOf(child);
      loopbackTopology.announce(stopped, LoopbackTopology.at(other.getPort()));
      LivenessOptions brief = QUICK.withPatience(WINDOW, WINDOW.multipliedBy(2));
      ManagedChannel channel = channel(brief, "round_robin");
      awaitAnswersFrom(channel, Set.of("stopped", "other"));
      HeldStream held = heldOn("stopped", channel);
      ManagedChannel stock = stock(stopped);
      HeldStream heldByStock = heldOn("stopped", stock);

      child.pause();
      long pausedNanos = System.nanoTime();
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  LoopbackTopology.answers(channel, 10, 2)
                      .equals(Collections.nCopies(10, "other")));
      Status end = held.awaitEnd();
      assertThat(end.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(end.getDescription()).as("its kernel acknowledges").startsWith("HF-406");
      assertThat(System.nanoTime() - pausedNanos).isGreaterThan(WINDOW.toNanos());

      assertThat(heldByStock.isOpen()).as("stock gRPC notices nothing").isTrue();
      assertThatThrownBy(() -> LoopbackTopology.call(stock, WordsService.PLACE, 1))
          .hasMessageContaining("DEADLINE");

      child.resume();
      awaitAnswersFrom(channel, Set.of("stopped", "other"));
    }
  }

  /** gRPC's own PING after the message must not use up the one by which it would be found. */
  @Test
  void aQuietStreamIsAskedAboutAtTheFirstIdleTimeThoughNobodyKnowsWhichPingsTheServerTakes()
      throws Exception {
    Duration longEnoughToPause = Duration.ofSeconds(15);
    try (RecordedJvm child = RecordedJvm.start(WordsProgram.class, "a")) {
      loopbackTopology.announce(addressOf(child));
      LivenessOptions unknown =
          LivenessOptions.DEFAULT.withProbing(longEnoughToPause, Duration.ofSeconds(1));
      ManagedChannel channel = channel(unknown, "holdfast");
      HeldStream held = heldOn("a", channel);
      held.say("hello");
      await().atMost(PATIENCE).until(() -> held.heard().contains("a hello"));
      child.pause();
      await()
          .atMost(PATIENCE)
          .until(() -> loopbackTopology.count("holdfast.liveness.suspected", "role", "client") > 0);
      assertThat(held.isOpen()).isTrue();
      child.resume();
    }
  }

  @Test
  void aServerThatIsStoppedForAWhileLosesNothing() throws Exception {
    try (RecordedJvm child = RecordedJvm.start(WordsProgram.class, "a")) {
      loopbackTopology.announce(addressOf(child));
      ManagedChannel channel = channel(QUICK, "holdfast");
      HeldStream held = heldOn("a", channel);
      child.pause();
      await()
          .atMost(PATIENCE)
          .until(() -> loopbackTopology.count("holdfast.liveness.suspected", "role", "client") > 0);
      held.say("meanwhile");
      child.resume();
      held.say("afterwards");
      await()
          .atMost(PATIENCE)
          .until(() -> held.heard().equals(List.of("a", "a meanwhile", "a afterwards")));
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      assertThat(held.isOpen()).isTrue();
    }
  }

  /** The list's first server is stopped, and pick_first would wait for it for ever. */
  @Test
  void aServerThatIsStoppedBeforeItsSettingsIsPassedOver() throws Exception {
    // Behind the other in every list, which is sorted.
    InetAddress second = InetAddress.getByAddress(new byte[] {127, 0, 0, 2});
    HoldfastServer other =
        loopbackTopology.serveUnregistered(
            new WordsService("other"),
            HoldfastServerBuilder.forAddress(
                new InetSocketAddress(second, 0), InsecureServerCredentials.create()));
    try (RecordedJvm child = RecordedJvm.start(WordsProgram.class, "stopped")) {
      InetSocketAddress stopped = addressOf(child);
      child.pause();
      loopbackTopology.announce(stopped, new InetSocketAddress(second, other.getPort()));
      ManagedChannel unwatched =
          loopbackTopology.channel(
              loopbackTopology.builder().loadBalancing("pick_first").withoutLiveness());
      HeldStream waits = HeldStream.follow(unwatched, "word");
      assertThat(LoopbackTopology.call(channel(QUICK, "pick_first"), WordsService.PLACE, 60))
          .isEqualTo("other");
      assertThat(waits.isOpen()).as("without liveness it waits").isTrue();
      assertThat(waits.heard()).as("without liveness it waits").isEmpty();
    }
  }

  private ManagedChannel channel(LivenessOptions liveness, String policy) {
    return loopbackTopology.channel(
        loopbackTopology.builder().retryIdempotent(false).loadBalancing(policy).liveness(liveness));
  }

  private ManagedChannel stock(InetSocketAddress server) {
    return loopbackTopology.keep(
        Grpc.newChannelBuilderForAddress(
                server.getHostString(), server.getPort(), InsecureChannelCredentials.create())
            .build());
  }

  /** A stream to this server, however often the channel chooses another one. */
  private static HeldStream heldOn(String name, ManagedChannel channel) {
    return await()
        .atMost(PATIENCE)
        .until(
            () -> {
              HeldStream stream = HeldStream.talk(channel);
              await().atMost(PATIENCE).until(() -> !stream.heard().isEmpty() || !stream.isOpen());
              return stream;
            },
            stream -> stream.heard().contains(name));
  }

  private static void awaitAnswersFrom(ManagedChannel channel, Set<String> names) {
    await()
        .atMost(PATIENCE)
        .until(() -> new HashSet<>(LoopbackTopology.answers(channel, 10, 2)).equals(names));
  }

  private static InetSocketAddress addressOf(RecordedJvm child) {
    return LoopbackTopology.at(Integer.parseInt(child.await("port")));
  }
}
