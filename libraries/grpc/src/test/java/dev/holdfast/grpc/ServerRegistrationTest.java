package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.internal.resolver.ResolvedTarget;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What keeps a server from its first record, and that it gets there all the same. */
class ServerRegistrationTest {
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger refusals = new AtomicInteger();
  private final List<String> openedOn = new CopyOnWriteArrayList<>();
  private final List<String> askedOn = new CopyOnWriteArrayList<>();
  private List<InetSocketAddress> peers = List.of();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void aRegistryThatCanNotBeOpenedYetIsOpenedLater() {
    ServerRegistration registration = registration(Optional.of("10.0.0.1"));
    refusals.set(2);
    opened.set(0);
    openedOn.clear();

    registration.start(50051);

    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> registration.state() == RegistrationState.VISIBLE);
    assertThat(opened).hasValue(3);
    assertThat(openedOn).as("a mount may hang").containsOnly("holdfast-address");
    assertThat(loopbackTopology.store.truth(LoopbackTopology.WORDS).size()).isEqualTo(1);
  }

  @Test
  void whyItCanNotBeOpenedIsTold() {
    ServerRegistration registration = registration(Optional.of("10.0.0.1"));
    refusals.set(Integer.MAX_VALUE);

    registration.start(50051);

    await().until(() -> registration.state() == RegistrationState.WAITING);
    await().until(() -> registration.lastFailure().isPresent());
    assertThat(registration.lastFailure().orElseThrow()).hasMessage("cert: gone");
    assertThat(registration.withdraw().toCompletableFuture()).succeedsWithin(5, TimeUnit.SECONDS);
  }

  @Test
  void namesOfTheRegistryAreNeverLookedUpOnTheSchedulerAndAnUnknownOneIsTriedAgain() {
    // A label of 64 letters is no host name, so that no resolver is asked for it.
    peers = List.of(InetSocketAddress.createUnresolved("x".repeat(64), 2379));
    ServerRegistration registration = registration(Optional.empty());

    registration.start(50051);

    await().until(() -> registration.state() == RegistrationState.WAITING);
    await().until(() -> registration.lastFailure().isPresent());
    assertThat(registration.lastFailure().orElseThrow()).hasMessageContaining("no route");
    peers = List.of();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> registration.state() == RegistrationState.VISIBLE);
    assertThat(askedOn).isNotEmpty().containsOnly("holdfast-address");
    assertThat(registration.address().orElseThrow()).hasToString("127.0.0.1:50051");
  }

  private ServerRegistration registration(Optional<String> advertised) {
    Registries registries =
        new Registries(loopbackTopology.context, List.of(new TroubledProvider()));
    return new ServerRegistration(
        ResolvedTarget.parse("troubled:///test/words", registries),
        new ServerRegistration.ServerRegistrationOptions(advertised, "", 1, Map.of()));
  }

  /** The topology's registry with faults that a test injects. */
  private final class TroubledProvider implements RegistryProvider {
    @Override
    public String scheme() {
      return "troubled";
    }

    @Override
    public String example() {
      return "troubled:///test/words";
    }

    @Override
    public List<UriParameter> uriParameters() {
      return List.of();
    }

    @Override
    public Registry open(RegistryUri uri, RegistryContext context) {
      opened.incrementAndGet();
      openedOn.add(Thread.currentThread().getName());
      if (refusals.getAndDecrement() > 0) {
        throw new IllegalArgumentException("cert: gone");
      }
      Registry real = loopbackTopology.store.connect(context);
      return (Registry)
          Proxy.newProxyInstance(
              Registry.class.getClassLoader(),
              new Class<?>[] {Registry.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("peerAddresses")) {
                  askedOn.add(Thread.currentThread().getName());
                  return peers;
                }
                try {
                  return method.invoke(real, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }
  }
}
