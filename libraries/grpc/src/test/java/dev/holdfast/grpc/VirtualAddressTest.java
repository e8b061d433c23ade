package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.RelayConnection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** An address with two machines behind it: the replacement may reach the other machine. */
@Execution(ExecutionMode.CONCURRENT)
class VirtualAddressTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final LivenessOptions QUICK =
      LivenessOptions.DEFAULT
          .withSafeIdle(Duration.ofSeconds(1))
          .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
          .withPingPermit(LoopbackTopology.PERMIT);

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void aReplacementThatReachedTheOtherMachineProvesNothingAboutTheFirst() throws Exception {
    HoldfastServer first =
        loopbackTopology.serveUnregistered(
            new WordsService("first"), LoopbackTopology.permitting(loopbackTopology.server()));
    HoldfastServer second =
        loopbackTopology.serveUnregistered(
            new WordsService("second"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (TcpRelay address = TcpRelay.toPort(first.getPort())) {
      loopbackTopology.announce(address.address());
      ManagedChannel channel =
          loopbackTopology.channel(
              loopbackTopology.builder().retryIdempotent(false).liveness(QUICK));
      HeldStream held = HeldStream.talk(channel);
      await().atMost(PATIENCE).until(() -> held.heard().equals(List.of("first")));
      RelayConnection old = address.connections().get(0);

      address.retarget(LoopbackTopology.at(second.getPort()));
      old.stall();
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  LoopbackTopology.answers(channel, 5, 2).equals(Collections.nCopies(5, "second")));
      assertThat(loopbackTopology.count("holdfast.grpc.replacements", "outcome", "took_over"))
          .isPositive();
      await()
          .atMost(PATIENCE)
          .until(() -> loopbackTopology.count("holdfast.liveness.suspected", "role", "client") > 0);
      assertThat(held.isOpen()).isTrue();

      old.heal();
      held.say("who are you?");
      await()
          .atMost(PATIENCE)
          .until(() -> held.heard().equals(List.of("first", "first who are you?")));
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE))
          .as("it does not go back")
          .isEqualTo("second");
      held.hangUp();
      assertThat(held.awaitEnd().isOk()).isTrue();
      await().atMost(PATIENCE).until(() -> !address.connections().contains(old));
    }
  }
}
