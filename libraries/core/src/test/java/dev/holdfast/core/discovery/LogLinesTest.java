package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.registration.InstanceRegistration;
import dev.holdfast.core.testkit.InMemoryRegistry;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A line per change of state, key=value, at INFO only for what an operator acts on. */
class LogLinesTest {
  private static final ServiceName ORDERS = ServiceName.of("prod", "orders");
  private static final Endpoint ONE = Endpoint.of("10.0.0.1:50051");

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final RegistryContext context =
      new RegistryContext(scheduler, new SimpleMeterRegistry(), new SplittableRandom(1), Map.of());
  private final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  private final InMemoryRegistry registry = store.connect(context);

  @Test
  void aRegistrationSaysWhatBecameOfItAndAnOutageOfHoursOnce() {
    try (LogLines log = new LogLines(InstanceRegistration.class)) {
      InstanceRegistration registration =
          InstanceRegistration.start(registry, ORDERS, ONE, context);
      scheduler.advance(Duration.ofSeconds(10));
      registry.cut();
      scheduler.advance(Duration.ofHours(3));
      registry.mend();
      scheduler.advance(Duration.ofMinutes(1));
      var unused = registration.withdraw();
      scheduler.advance(Duration.ofSeconds(10));

      assertThat(log.untidy()).isEmpty();
      assertThat(transitions(log))
          .containsExactly(
              "INFO ANNOUNCING>VISIBLE",
              "WARN VISIBLE>WAITING",
              "INFO ANNOUNCING>VISIBLE",
              "INFO VISIBLE>WITHDRAWING",
              "INFO WITHDRAWING>ABSENT");
      assertThat(log.all())
          .allMatch(
              line ->
                  line.contains(
                      "event=registration_state registry=memory:/// service=prod/orders"
                          + " address=10.0.0.1:50051 from="));
    }
  }

  @Test
  void aListSaysWhenItIsDoubtedAndNothingOfEveryChange() {
    store.put(ORDERS, ONE);
    EndpointDirectory directory =
        EndpointDirectory.over(
            registry, context, LastKnownGoodOptions.forTtl(Duration.ofSeconds(5)));
    try (LogLines log = new LogLines(SharedServiceWatch.class)) {
      directory.subscribe(ORDERS, endpoints -> {});
      scheduler.advance(Duration.ofSeconds(10));
      for (int port = 1; port <= 50; port++) {
        store.put(ORDERS, Endpoint.of("10.0.0.2:" + port));
        scheduler.advance(Duration.ofSeconds(1));
      }
      store.stop();
      scheduler.advance(Duration.ofHours(3));
      store.start();
      scheduler.advance(Duration.ofMinutes(1));

      assertThat(log.untidy()).isEmpty();
      assertThat(transitions(log))
          .containsExactly(
              "INFO UNKNOWN>FOLLOWING", "INFO FOLLOWING>STALE", "INFO STALE>FOLLOWING");
      assertThat(log.all().get(1))
          .contains("event=endpoints_state registry=memory:/// service=prod/orders")
          .contains(" endpoints=51 registry_endpoints=51 cause=\"");
    }
    directory.close();
  }

  private static List<String> transitions(LogLines log) {
    return log.all().stream()
        .map(line -> line.replaceFirst("^(\\w+) .* from=(\\w+) to=(\\w+).*$", "$1 $2>$3"))
        .toList();
  }
}
