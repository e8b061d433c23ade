package dev.holdfast.core.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.Registry.Capability;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Registry} does that can be read, whatever stands behind it. The test of a
 * registry that can't announce extends this with a real back end; all others extend {@link
 * RegistryContractTest}.
 */
public abstract class ReadableRegistryContractTest extends RegistryContractFixture {
  private static final Duration BUSY_MACHINE = Duration.ofSeconds(5);

  @Test
  void theFirstSnapshotIsEmptyWhereNothingIsRegistered() throws Exception {
    hold(orders());
    RecordedWatch watch = watch(orders());

    patiently().until(() -> watch.last().isPresent());
    assertThat(watch.last()).contains(EndpointSet.EMPTY);
  }

  @Test
  void theFirstSnapshotHoldsWhatWasThereBefore() throws Exception {
    hold(orders(), at(1), at(2));
    RecordedWatch watch = watch(orders());

    patiently().until(() -> watch.last().isPresent());
    assertAddresses(watch, at(1), at(2));
  }

  @Test
  void anEndpointThatIsAddedArrives() throws Exception {
    hold(orders(), at(1));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1));

    hold(orders(), at(1), at(2));

    awaitAddresses(watch, at(1), at(2));
  }

  @Test
  void anEndpointThatIsRemovedLeaves() throws Exception {
    hold(orders(), at(1), at(2));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1), at(2));

    hold(orders(), at(2));
    awaitAddresses(watch, at(2));

    hold(orders());
    awaitAddresses(watch);
  }

  @Test
  void aReadShowsWhatWasPublishedBeforeIt() throws Exception {
    for (int port = 1; port <= 5; port++) {
      Endpoint[] endpoints = new Endpoint[port];
      for (int i = 0; i < port; i++) {
        endpoints[i] = at(i + 1);
      }
      hold(orders(), endpoints);
      assertThat(get(registry.read(orders())).endpoints().size()).isEqualTo(port);
    }
    hold(orders());
    assertThat(get(registry.read(orders())).endpoints()).isEqualTo(EndpointSet.EMPTY);
  }

  @Test
  void aReadAndAWatchAgreeOnTheEpoch() throws Exception {
    hold(orders(), at(1));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1));

    assertThat(get(registry.read(orders())).epoch())
        .isEqualTo(watch.snapshots().get(watch.snapshots().size() - 1).epoch());
  }

  @Test
  void everyCallbackRunsOnTheScheduler() throws Exception {
    hold(orders(), at(1));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1));
    hold(orders(), at(1), at(2));
    awaitAddresses(watch, at(1), at(2));

    // Asked from the loop, so that an answer that is there already is heard on it as well.
    AtomicInteger readsHeard = new AtomicInteger();
    AtomicInteger readsElsewhere = new AtomicInteger();
    scheduler.execute(
        () -> {
          var unused =
              registry
                  .read(orders())
                  .whenComplete(
                      (snapshot, failure) -> {
                        readsElsewhere.addAndGet(scheduler.isCurrent() ? 0 : 1);
                        readsHeard.incrementAndGet();
                      });
        });
    patiently().until(() -> readsHeard.get() == 1);

    assertThat(watch.callsElsewhere()).isZero();
    held.values().forEach(h -> assertThat(h.record().callsElsewhere()).isZero());
    assertThat(readsElsewhere.get()).isZero();
  }

  @Test
  void nothingIsHeardAfterAWatchWasClosed() throws Exception {
    hold(orders(), at(1));
    RecordedWatch closed = new RecordedWatch(scheduler);
    Subscription subscription = registry.watch(orders(), closed);
    RecordedWatch open = watch(orders());
    awaitAddresses(closed, at(1));
    awaitAddresses(open, at(1));

    AtomicLong callsAtClose = new AtomicLong(-1);
    scheduler.execute(
        () -> {
          subscription.close();
          subscription.close();
          callsAtClose.set(closed.calls());
        });
    patiently().until(() -> callsAtClose.get() >= 0);
    hold(orders(), at(1), at(2));
    awaitAddresses(open, at(1), at(2));

    assertThat(closed.calls()).isEqualTo(callsAtClose.get());
  }

  @Test
  void twoWatchersOfTwoProcessesSeeTheSame() throws Exception {
    RecordedWatch first = watch(orders());
    RecordedWatch second = new RecordedWatch(scheduler);
    var unused = another().watch(orders(), second);

    hold(orders(), at(1), at(2), at(3));

    awaitAddresses(first, at(1), at(2), at(3));
    awaitAddresses(second, at(1), at(2), at(3));
  }

  @Test
  void aServiceWhoseNameBeginsLikeAnotherStaysApart() throws Exception {
    hold(service("", "orders-v2"), at(9));
    RecordedWatch watch = watch(orders());
    RecordedWatch longer = watch(service("", "orders-v2"));
    awaitAddresses(longer, at(9));

    patiently().until(() -> watch.last().isPresent());
    assertThat(watch.last()).contains(EndpointSet.EMPTY);
    assertThat(get(registry.read(orders())).endpoints()).isEqualTo(EndpointSet.EMPTY);
  }

  @Test
  void namespacesStayApart() throws Exception {
    hold(service("test", "orders"), at(9));
    RecordedWatch production = watch(service("prod", "orders"));
    RecordedWatch test = watch(service("test", "orders"));
    awaitAddresses(test, at(9));

    patiently().until(() -> production.last().isPresent());
    assertThat(production.last()).contains(EndpointSet.EMPTY);
  }

  @Test
  void whatARegistryCantDoIsRefusedAsUnsupported() {
    if (!registry.capabilities().contains(Capability.NAMES)) {
      assertThatThrownBy(
              () ->
                  registry.watchNames(
                      "",
                      new Registry.ServiceNamesListener() {
                        @Override
                        public void onNames(Set<String> names) {}

                        @Override
                        public void onFailure(RegistryException cause) {}
                      }))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> assertThat(e.kind()).isEqualTo(RegistryException.RegistryErrorKind.UNSUPPORTED));
    }
    if (!registry.capabilities().contains(Capability.ANNOUNCE)) {
      assertThatThrownBy(
              () -> registry.announce(orders(), at(1), new RecordedAnnouncement(scheduler)))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> assertThat(e.kind()).isEqualTo(RegistryException.RegistryErrorKind.UNSUPPORTED));
    }
  }

  @Test
  void aWatchIsRestoredWithACompleteSnapshot() throws Exception {
    hold(orders(), at(1));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1));
    int snapshots = watch.snapshots().size();

    breakConnection();
    patiently().until(() -> !watch.failures().isEmpty());
    assertThat(watch.snapshots()).hasSize(snapshots);
    restoreConnection();

    patiently().until(() -> watch.snapshots().size() > snapshots);
    patiently().untilAsserted(() -> assertAddresses(watch, at(1)));
  }

  @Test
  void aReadWithoutConnectionFailsWithinTheRequestTimeout() throws Exception {
    breakConnection();
    try {
      assertThatThrownBy(
              () ->
                  registry
                      .read(orders())
                      .toCompletableFuture()
                      .get(
                          registry.requestTimeout().plus(BUSY_MACHINE).toMillis(),
                          TimeUnit.MILLISECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(RegistryException.class);
    } finally {
      restoreConnection();
    }
  }
}
