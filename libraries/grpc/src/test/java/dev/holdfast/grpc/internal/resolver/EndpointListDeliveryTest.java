package dev.holdfast.grpc.internal.resolver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import io.grpc.SynchronizationContext;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class EndpointListDeliveryTest {
  private static final EndpointSet ONE = EndpointSet.of(Endpoint.of("10.0.0.1:1"));
  private static final EndpointSet TWO = EndpointSet.of(Endpoint.of("10.0.0.2:1"));
  private static final EndpointSet THREE = EndpointSet.of(Endpoint.of("10.0.0.3:1"));

  private final Queue<Runnable> offloaded = new ArrayDeque<>();
  private final List<EndpointSet> received = new ArrayList<>();
  private final SynchronizationContext context =
      new SynchronizationContext(
          (thread, problem) -> {
            throw new AssertionError(problem);
          });

  @Test
  void theThreadThatOffersAListDoesNoneOfTheChannelsWork() {
    EndpointListDelivery handover =
        new EndpointListDelivery(offloaded::add, context, received::add);
    handover.offer(ONE);
    assertThat(received).isEmpty();
    runOffloaded();
    assertThat(received).containsExactly(ONE);
  }

  @Test
  void aListThatIsNotTakenYetMakesWayForTheLatestAndNoneIsLostAfterIt() {
    EndpointListDelivery handover =
        new EndpointListDelivery(offloaded::add, context, received::add);
    handover.offer(ONE);
    handover.offer(TWO);
    assertThat(offloaded).hasSize(1);
    runOffloaded();
    handover.offer(THREE);
    runOffloaded();
    assertThat(received).containsExactly(TWO, THREE);
  }

  @Test
  void anExecutorThatTakesNothingDoesNotStopTheLists() {
    EndpointListDelivery handover =
        new EndpointListDelivery(
            task -> {
              throw new RejectedExecutionException("closed");
            },
            context,
            received::add);
    handover.offer(ONE);
    handover.offer(TWO);
    assertThat(received).containsExactly(ONE, TWO);
  }

  private void runOffloaded() {
    while (!offloaded.isEmpty()) {
      offloaded.remove().run();
    }
  }
}
