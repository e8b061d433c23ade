package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.control.internal.xds.XdsSnapshot;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.testkit.InMemoryProvider;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told to clients, and to the disk, of a service of which nothing is known. */
class FollowedNamespaceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ServiceName ORDERS = ServiceName.of("prod", "orders");
  private static final ServiceName SHOP = ServiceName.of("prod", "shop");

  @TempDir Path folder;
  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  private final SnapshotPublisher snapshotPublisher =
      new SnapshotPublisher(new PlainResources(), meters);

  @AfterEach
  void close() {
    snapshotPublisher.close();
  }

  /** Follows a registry of two services that is asked for one of them like this. */
  private void follow(Supplier<Subscription> shop) {
    store.put(ORDERS, Endpoint.of("10.0.0.1:50051"));
    store.put(SHOP, Endpoint.of("10.0.0.2:50052"));
    Registries registries =
        new Registries(
            context(Map.of()),
            List.of(
                new InMemoryProvider(
                    "memory://x/prod", (uri, context) -> withShop(store.connect(context), shop))));
    new FollowedNamespace(
            registries.open(RegistryUri.parse("memory://x/prod")),
            context(Map.of(EndpointDirectory.SNAPSHOT_VARIABLE, folder.toString())),
            ControlOptions.DEFAULT,
            snapshotPublisher,
            Runnable::run)
        .start();
    scheduler.runUntilIdle();
  }

  private RegistryContext context(Map<String, String> environment) {
    return new RegistryContext(scheduler, meters, new SplittableRandom(1), environment);
  }

  private static Registry withShop(Registry real, Supplier<Subscription> shop) {
    return (Registry)
        Proxy.newProxyInstance(
            Registry.class.getClassLoader(),
            new Class<?>[] {Registry.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("watch") && arguments[0].equals(SHOP)) {
                return shop.get();
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private Map<String, Integer> onDisk() {
    return ServicesFile.of(folder, "memory:///", "prod").read().orElse(Map.of());
  }

  private void awaitTold(XdsSnapshot.UnknownServices expected) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                snapshotPublisher
                    .current()
                    .map(XdsSnapshot::unknownServices)
                    .filter(expected::equals),
            f -> f.isPresent());
  }

  @Test
  void aListOfServicesThatIsNotCompleteIsNeverWritten() {
    follow(() -> () -> {});
    scheduler.advance(Duration.ofMinutes(10));

    awaitTold(new XdsSnapshot.UnknownServices(Set.of("shop"), Set.of()));
    assertThat(onDisk()).isEmpty();
  }

  @Test
  void aServiceThatMakesNoSenseHoldsUpNeitherClientsNorTheDisk() {
    follow(
        () -> {
          throw new RegistryException(
              RegistryException.RegistryErrorKind.MALFORMED, "two ports, which one?");
        });
    scheduler.advance(KnownServices.REFUSED_AFTER.dividedBy(2));
    awaitTold(new XdsSnapshot.UnknownServices(Set.of("shop"), Set.of()));
    assertThat(onDisk()).isEmpty();

    scheduler.advance(KnownServices.REFUSED_AFTER);
    awaitTold(new XdsSnapshot.UnknownServices(Set.of(), Set.of("shop")));
    assertThat(onDisk()).isEqualTo(Map.of("orders", 1));
  }

  @Test
  void aServiceThatCanNotBeReadNowIsWaitedFor() {
    follow(
        () -> {
          throw new RegistryException(
              RegistryException.RegistryErrorKind.UNAVAILABLE, "for a test");
        });
    scheduler.advance(Duration.ofMinutes(10));

    awaitTold(new XdsSnapshot.UnknownServices(Set.of("shop"), Set.of()));
    assertThat(onDisk()).isEmpty();
  }
}
