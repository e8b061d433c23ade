package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.grpc.internal.resolver.ResolvedTarget;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A server whose machine moves to another network, in virtual time. */
class AddressChangeTest {
  private static final ServiceName WORDS = ServiceName.parse("test/words");
  private static final Duration A_WHILE =
      ServerRegistration.ADDRESS_CHECK_INTERVAL.plus(Duration.ofSeconds(5));

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  private final Machine machine = new Machine();

  @Test
  void anAddressThatTheMachineLostIsReplacedByTheOneFoundNow() {
    ServerRegistration registration = started(Optional.empty());
    assertThat(records()).containsExactly("10.0.0.1:50051");

    machine.moveTo("10.7.7.7");
    scheduler.advance(A_WHILE);

    assertThat(records()).containsExactly("10.7.7.7:50051");
    assertThat(registration.address()).contains(HostPort.parse("10.7.7.7:50051"));
    assertThat(registration.state()).isEqualTo(RegistrationState.VISIBLE);

    machine.moveTo("10.8.8.8");
    scheduler.advance(A_WHILE);
    assertThat(records()).containsExactly("10.8.8.8:50051");
  }

  @Test
  void anotherRouteIsNoReasonToMoveWhileTheMachineHasTheAddress() {
    started(Optional.empty());

    machine.route = "10.7.7.7";
    scheduler.advance(A_WHILE.multipliedBy(3));

    assertThat(records()).containsExactly("10.0.0.1:50051");
  }

  @Test
  void whatWasAnnouncedStaysUntilThereIsARouteAgain() {
    started(Optional.empty());

    machine.own = "10.7.7.7";
    machine.route = "";
    scheduler.advance(A_WHILE.multipliedBy(3));
    assertThat(records()).containsExactly("10.0.0.1:50051");

    machine.moveTo("10.7.7.7");
    scheduler.advance(A_WHILE);
    assertThat(records()).containsExactly("10.7.7.7:50051");
  }

  @Test
  void anAddressThatWasSaidIsNeverLookedAt() {
    started(Optional.of("10.0.0.1"));

    machine.moveTo("10.7.7.7");
    scheduler.advance(A_WHILE.multipliedBy(3));

    assertThat(records()).containsExactly("10.0.0.1:50051");
    assertThat(machine.looks).isZero();
  }

  @Test
  void theRecordBeforeStaysUntilTheNewOneIsVisibleAndWithdrawingRemovesBoth() {
    ServerRegistration registration = started(Optional.empty());
    store.stop();

    machine.moveTo("10.7.7.7");
    scheduler.advance(A_WHILE);
    var left = registration.withdraw().toCompletableFuture();
    store.start();
    scheduler.advance(A_WHILE.multipliedBy(3));

    assertThat(left).isCompleted();
    assertThat(records()).isEmpty();
    int looks = machine.looks;
    scheduler.advance(A_WHILE.multipliedBy(3));
    assertThat(machine.looks).isEqualTo(looks);
  }

  private List<String> records() {
    return store.truth(WORDS).endpoints().stream().map(e -> e.address().toString()).toList();
  }

  private ServerRegistration started(Optional<String> advertised) {
    RegistryContext context =
        new RegistryContext(scheduler, new SimpleMeterRegistry(), new Random(1), Map.of());
    Registries registries = new Registries(context, List.of(new StoreProvider()));
    ServerRegistration registration =
        new ServerRegistration(
            ResolvedTarget.parse("store:///test/words", registries),
            new ServerRegistration.ServerRegistrationOptions(advertised, "", 1, Map.of()),
            machine,
            Runnable::run);
    registration.start(50051);
    scheduler.advance(Duration.ofSeconds(1));
    return registration;
  }

  /** A machine with one address, and a route from it or from another. */
  private static final class Machine implements ServerRegistration.LocalNetwork {
    private String own = "10.0.0.1";
    private String route = "10.0.0.1";
    private int looks;

    void moveTo(String address) {
      own = address;
      route = address;
    }

    @Override
    public HostPort find(Optional<String> advertised, int port, List<InetSocketAddress> members) {
      if (advertised.isEmpty() && route.isEmpty()) {
        throw new IllegalArgumentException("no route");
      }
      return new HostPort(advertised.orElse(route), port);
    }

    @Override
    public boolean has(HostPort address) {
      looks++;
      return address.host().equals(own);
    }
  }

  private final class StoreProvider implements RegistryProvider {
    @Override
    public String scheme() {
      return "store";
    }

    @Override
    public String example() {
      return "store:///test/words";
    }

    @Override
    public List<UriParameter> uriParameters() {
      return List.of();
    }

    @Override
    public Registry open(RegistryUri uri, RegistryContext context) {
      return store.connect(context);
    }
  }
}
