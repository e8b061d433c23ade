package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.FlowEvent;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A middlebox answers PINGs itself, and acknowledges, while the server behind it is gone. */
@Execution(ExecutionMode.CONCURRENT)
class AnsweringHopTest {
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  /** A server on a busy machine is silent for seconds, and must not count as gone. */
  private static final Duration HARD_LIMIT = Duration.ofSeconds(12);

  private static final PathFaults ANSWERS = PathFaults.builder().answersPings(true).build();
  private static final LivenessOptions QUICK =
      LivenessOptions.DEFAULT
          .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
          .withPingPermit(LoopbackTopology.PERMIT)
          .withPatience(Duration.ofSeconds(3), HARD_LIMIT);

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final Queue<FlowEvent> events = new ConcurrentLinkedQueue<>();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void whereAHopIsKnownToAnswerAloneNewCallsLeaveAndTheConnectionEndsInBoundedTime()
      throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (Middlebox hop =
        Middlebox.toPort(server.getPort()).faults(ANSWERS).events(events::add).start()) {
      loopbackTopology.announce(hop.address());
      ManagedChannel channel = channel(QUICK.withPingsEndAtHop(true));
      HeldStream held = talk(channel);
      HeldStream believer = talk(channel(QUICK));
      hop.faults(ANSWERS.toBuilder().halfOpenAfter(Duration.ZERO).build());
      await().atMost(PATIENCE).until(() -> count(FlowEvent.FlowEventKind.HALF_OPEN) >= 2);
      long goneNanos = System.nanoTime();
      // What is open stays half open; what comes now reaches a server.
      hop.faults(ANSWERS);

      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  loopbackTopology.count("holdfast.grpc.replacements", "outcome", "took_over") > 0);
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      Status end = held.awaitEnd();
      assertThat(end.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(end.getDescription()).startsWith("HF-408");
      assertThat(System.nanoTime() - goneNanos).isGreaterThan(HARD_LIMIT.toNanos());
      assertThat(count(FlowEvent.FlowEventKind.PING_ANSWERED))
          .as("the hop spoke for the dead")
          .isPositive();
      assertThat(believer.isOpen()).as("who is not told believes the hop").isTrue();
    }
  }

  private ManagedChannel channel(LivenessOptions liveness) {
    return loopbackTopology.channel(
        loopbackTopology.builder().retryIdempotent(false).liveness(liveness));
  }

  private static HeldStream talk(ManagedChannel channel) {
    HeldStream stream = HeldStream.answered(channel);
    assertThat(stream.heard()).containsExactly("a");
    return stream;
  }

  private long count(FlowEvent.FlowEventKind flowEventKind) {
    return events.stream().filter(event -> event.kind() == flowEventKind).count();
  }
}
