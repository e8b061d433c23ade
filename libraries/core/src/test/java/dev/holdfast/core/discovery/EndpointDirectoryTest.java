package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.ForwardingRegistry;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.testkit.InMemoryRegistry;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the shell adds to the policy: one watch for all, late subscribers, linger, meters. */
class EndpointDirectoryTest {
  private static final ServiceName ORDERS = ServiceName.of("prod", "orders");
  private static final Endpoint ONE = Endpoint.of("10.0.0.1:50051");
  private static final Endpoint TWO = Endpoint.of("10.0.0.2:50051");

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final RegistryContext context =
      new RegistryContext(scheduler, meters, new SplittableRandom(1), Map.of());
  private final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  private final InMemoryRegistry registry = store.connect(context);
  private final EndpointDirectory directory =
      EndpointDirectory.over(registry, context, LastKnownGoodOptions.forTtl(Duration.ofSeconds(5)));

  /** What one subscriber heard. */
  private static final class Heard implements EndpointsListener {
    final List<EndpointSet> lists = new ArrayList<>();
    final List<RegistryException> troubles = new ArrayList<>();

    @Override
    public void onEndpoints(EndpointSet endpoints) {
      lists.add(endpoints);
    }

    @Override
    public void onFailure(RegistryException cause) {
      troubles.add(cause);
    }
  }

  @BeforeEach
  void oneIsThere() {
    store.put(ORDERS, ONE);
    scheduler.runUntilIdle();
  }

  @Test
  void manySubscribersShareOneWatch() {
    List<Heard> all = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      all.add(subscribe());
    }

    assertThat(registry.openWatches()).isEqualTo(1);
    assertThat(all).allSatisfy(h -> assertThat(h.lists).containsExactly(EndpointSet.of(ONE)));
  }

  @Test
  void aLateSubscriberIsGivenTheListAtOnceEvenInAnOutage() {
    subscribe();
    store.stop();
    scheduler.advance(Duration.ofHours(2));

    Heard late = subscribe();

    assertThat(late.lists).containsExactly(EndpointSet.of(ONE));
    assertThat(late.troubles).hasSize(1);
    assertThat(directory.state(ORDERS)).isEqualTo(EndpointListState.STALE);
    assertThat(directory.age(ORDERS).orElseThrow()).isGreaterThan(Duration.ofHours(2));
  }

  @Test
  void theRegistrysOwnListIsKnownBesideTheOneInUse() {
    assertThat(directory.lastReceived(ORDERS)).isEmpty();
    subscribe();
    assertThat(directory.lastReceived(ORDERS)).contains(EndpointSet.of(ONE));

    store.delete(ORDERS, ONE.address());
    scheduler.advance(Duration.ofSeconds(1));

    assertThat(directory.lastReceived(ORDERS)).contains(EndpointSet.EMPTY);
    assertThat(directory.current(ORDERS)).contains(EndpointSet.of(ONE));
    assertThat(directory.state(ORDERS)).isEqualTo(EndpointListState.EMPTYING);
  }

  @Test
  void theWatchLingersAndItsListIsRememberedBeyondThat() {
    Subscription subscription = directory.subscribe(ORDERS, new Heard());
    scheduler.runUntilIdle();
    subscription.close();

    scheduler.advance(EndpointDirectory.LINGER.minusMillis(1));
    assertThat(registry.openWatches()).isEqualTo(1);
    scheduler.advance(Duration.ofMillis(1));
    assertThat(registry.openWatches()).isZero();

    store.stop();
    scheduler.advance(Duration.ofMinutes(30));
    assertThat(subscribe().lists).containsExactly(EndpointSet.of(ONE));
    store.put(ORDERS, TWO);
    store.start();
    scheduler.advance(Duration.ofSeconds(1));
    assertThat(directory.current(ORDERS)).contains(EndpointSet.of(ONE, TWO));
  }

  @Test
  void lingerBeginsAnewWithEverySubscriber() {
    Subscription first = directory.subscribe(ORDERS, new Heard());
    scheduler.runUntilIdle();
    first.close();
    scheduler.advance(EndpointDirectory.LINGER.dividedBy(2));
    Subscription second = directory.subscribe(ORDERS, new Heard());
    scheduler.runUntilIdle();
    second.close();

    scheduler.advance(EndpointDirectory.LINGER.minusSeconds(1));
    assertThat(registry.openWatches()).isEqualTo(1);
    scheduler.advance(Duration.ofSeconds(1));
    assertThat(registry.openWatches()).isZero();
  }

  @Test
  void onlySoManyListsAreRememberedWithoutAWatch() {
    for (int i = 0; i <= EndpointDirectory.MAX_PARKED; i++) {
      ServiceName service = ServiceName.of("prod", "s" + i);
      directory.subscribe(service, new Heard()).close();
    }
    scheduler.advance(EndpointDirectory.LINGER);

    assertThat(directory.current(ServiceName.of("prod", "s0"))).isEmpty();
    assertThat(directory.current(ServiceName.of("prod", "s1"))).contains(EndpointSet.EMPTY);
  }

  @Test
  void nothingIsHeardAfterClosing() {
    Heard heard = new Heard();
    Subscription subscription = directory.subscribe(ORDERS, heard);
    scheduler.runUntilIdle();

    subscription.close();
    subscription.close();
    store.put(ORDERS, TWO);
    scheduler.advance(Duration.ofSeconds(1));

    assertThat(heard.lists).containsExactly(EndpointSet.of(ONE));
  }

  @Test
  void aListenerThatThrowsDoesNotKeepTheOthersFromHearing() {
    directory.subscribe(
        ORDERS,
        endpoints -> {
          throw new IllegalStateException("listener of the test");
        });
    Heard heard = subscribe();

    assertThat(heard.lists).containsExactly(EndpointSet.of(ONE));
  }

  @Test
  void aListenerMayLeaveWhileItIsBeingTold() {
    List<EndpointSet> lists = new ArrayList<>();
    List<Subscription> own = new ArrayList<>();
    own.add(
        directory.subscribe(
            ORDERS,
            endpoints -> {
              lists.add(endpoints);
              own.get(0).close();
            }));
    Heard other = subscribe();
    store.put(ORDERS, TWO);
    scheduler.advance(Duration.ofSeconds(1));

    assertThat(lists).hasSize(1);
    assertThat(other.lists).hasSize(2);
  }

  @Test
  void metersShowTheListItsAgeAndWhatWasHeld() {
    subscribe();
    store.put(ORDERS, TWO.withDraining(true));
    scheduler.advance(Duration.ofSeconds(2));
    assertThat(gauge("holdfast.endpoints", "state", "eligible")).isEqualTo(1);
    assertThat(gauge("holdfast.endpoints", "state", "draining")).isEqualTo(1);

    store.stop();
    scheduler.advance(Duration.ofMinutes(1));
    assertThat(meters.get("holdfast.endpoints.age").gauge().value()).isGreaterThan(59);
    assertThat(meters.get("holdfast.endpoints.state").gauge().value()).isEqualTo(2);
    assertThat(meters.get("holdfast.watch.failures").counter().count()).isEqualTo(1);

    store.start();
    // Until then an instance that lost its record in the outage may register again.
    scheduler.advance(Duration.ofSeconds(16));
    registry.falsify(
        ORDERS, truth -> EndpointSet.of(TWO.withDraining(true)), Duration.ofSeconds(1));
    scheduler.advance(Duration.ofSeconds(2));
    assertThat(meters.get("holdfast.endpoints.held").counter().count()).isEqualTo(1);
    assertThat(meters.get("holdfast.endpoints.reads").tag("result", "ok").counter().count())
        .isEqualTo(1);
    assertThat(meters.get("holdfast.endpoints.changes").counter().count()).isEqualTo(2);
  }

  @Test
  void gaugesGoWithTheWatch() {
    directory.subscribe(ORDERS, new Heard()).close();
    scheduler.advance(EndpointDirectory.LINGER);

    assertThat(meters.find("holdfast.endpoints.age").gauges()).isEmpty();
  }

  @Test
  void closingTellsSubscribersAndClosesTheRegistry() {
    Heard heard = subscribe();

    directory.close();
    scheduler.runUntilIdle();

    assertThat(heard.troubles)
        .singleElement()
        .satisfies(t -> assertThat(t.kind()).isEqualTo(RegistryException.RegistryErrorKind.CLOSED));
    assertThat(registry.openWatches()).isZero();
    assertThat(subscribe().troubles).hasSize(1);
  }

  @Test
  void namesAreSharedAndFollowed() {
    List<Set<String>> first = new ArrayList<>();
    List<Set<String>> second = new ArrayList<>();
    directory.subscribeNames("prod", names(first));
    scheduler.runUntilIdle();
    Subscription late = directory.subscribeNames("prod", names(second));
    scheduler.runUntilIdle();
    assertThat(second).containsExactly(Set.of("orders"));

    store.put(ServiceName.of("prod", "billing"), TWO);
    scheduler.runUntilIdle();
    late.close();
    store.put(ServiceName.of("prod", "cart"), TWO);
    scheduler.runUntilIdle();

    assertThat(first).hasSize(3).last().isEqualTo(Set.of("billing", "cart", "orders"));
    assertThat(second).hasSize(2);
  }

  @Test
  void namesOfARegistryWithoutThemAreRefusedAtOnce() {
    Registry nameless =
        new ForwardingRegistry(registry) {
          @Override
          public Set<Capability> capabilities() {
            return Set.of();
          }
        };
    EndpointDirectory other =
        EndpointDirectory.over(
            nameless, context, LastKnownGoodOptions.forTtl(Duration.ofSeconds(5)));

    assertThatThrownBy(() -> other.subscribeNames("prod", names(new ArrayList<>())))
        .isInstanceOf(RegistryException.class)
        .hasMessage("memory:/// can't say which services there are");
  }

  private Heard subscribe() {
    Heard heard = new Heard();
    directory.subscribe(ORDERS, heard);
    scheduler.advance(Duration.ofMillis(1));
    return heard;
  }

  private double gauge(String name, String tag, String value) {
    return meters.get(name).tag(tag, value).gauge().value();
  }

  private static Registry.ServiceNamesListener names(List<Set<String>> heard) {
    return new Registry.ServiceNamesListener() {
      @Override
      public void onNames(Set<String> names) {
        heard.add(names);
      }

      @Override
      public void onFailure(RegistryException cause) {}
    };
  }
}
