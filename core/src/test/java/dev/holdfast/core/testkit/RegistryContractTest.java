package dev.holdfast.core.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.Registry.Announcement;
import dev.holdfast.core.Registry.Capability;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Registry} does, whatever stands behind it. A registry's test extends this with
 * a real back end; capabilities it lacks are skipped, not failed.
 */
public abstract class RegistryContractTest extends RegistryContractFixture {

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
  void attributesSurviveTheWayThroughTheRegistry() throws Exception {
    assumeTrue(keepsAttributes());
    Endpoint rich =
        at(1)
            .withInstance("run-1")
            .withZone("eu-1a")
            .withWeight(250)
            .withMetadata(
                Map.of("version", "1.2", "größe", "緑 \"quoted\" \\ \n\t\u0001", "empty", ""));
    Endpoint unready = Endpoint.of("[fd00::7]:50051").withInstance("run-2").withReady(false);
    Endpoint draining = at(3).withInstance("run-3").withDraining(true);
    RecordedWatch watch = watch(orders());

    hold(orders(), rich, unready, draining);

    EndpointSet expected = EndpointSet.of(rich, unready, draining);
    patiently().untilAsserted(() -> assertThat(watch.last()).contains(expected));
    assertThat(get(registry.read(orders())).endpoints()).isEqualTo(expected);
  }

  @Test
  void aChangeOfAttributesArrives() throws Exception {
    assumeTrue(keepsAttributes());
    Endpoint before = at(1).withInstance("run-1");
    hold(orders(), before);
    RecordedWatch watch = watch(orders());
    patiently().until(() -> watch.last().equals(Optional.of(EndpointSet.of(before))));

    Endpoint after = before.withDraining(true).withWeight(7);
    hold(orders(), after);

    patiently().untilAsserted(() -> assertThat(watch.last()).contains(EndpointSet.of(after)));
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
  void theNamesOfANamespaceAreFollowed() throws Exception {
    assumeTrue(registry.capabilities().contains(Capability.NAMES));
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    List<TreeSet<String>> seen = Collections.synchronizedList(new ArrayList<>());
    try (Subscription unused =
        registry.watchNames(
            orders().namespace(),
            new Registry.NamesListener() {
              @Override
              public void onNames(Set<String> names) {
                seen.add(new TreeSet<>(names));
              }

              @Override
              public void onFailure(RegistryException cause) {}
            })) {
      hold(orders(), at(1));
      patiently()
          .until(() -> !seen.isEmpty() && last(seen).equals(new TreeSet<>(List.of("orders"))));

      Announcement other = announced(another(), service("", "billing"), at(2)).announcement();
      Announcement nested = announced(another(), service("inner", "hidden"), at(3)).announcement();
      patiently().until(() -> last(seen).equals(new TreeSet<>(List.of("billing", "orders"))));

      get(nested.withdraw());
      get(other.withdraw());
      patiently().until(() -> last(seen).equals(new TreeSet<>(List.of("orders"))));
    }
  }

  @Test
  void whatARegistryCantDoIsRefusedAsUnsupported() {
    if (!registry.capabilities().contains(Capability.NAMES)) {
      assertThatThrownBy(
              () ->
                  registry.watchNames(
                      "",
                      new Registry.NamesListener() {
                        @Override
                        public void onNames(Set<String> names) {}

                        @Override
                        public void onFailure(RegistryException cause) {}
                      }))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.UNSUPPORTED));
    }
    if (!registry.capabilities().contains(Capability.ANNOUNCE)) {
      assertThatThrownBy(
              () -> registry.announce(orders(), at(1), new RecordedAnnouncement(scheduler)))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.UNSUPPORTED));
    }
  }

  @Test
  void anAnnouncementIsVisibleToOthersOncePublished() throws Exception {
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    Held announced = announced(registry, orders(), at(1).withInstance("run-1"));

    assertThat(get(another().read(orders())).endpoints())
        .isEqualTo(EndpointSet.of(at(1).withInstance("run-1")));
    assertThat(announced.record().callsElsewhere()).isZero();
  }

  @Test
  void anUpdateIsPublishedAgain() throws Exception {
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    Held announced = announced(registry, orders(), at(1).withInstance("run-1"));

    announced.announcement().update(at(1).withInstance("run-1").withWeight(3));

    patiently().until(() -> announced.record().published() >= 2);
    assertThat(get(another().read(orders())).endpoints().endpoints().get(0).weight()).isEqualTo(3);
  }

  @Test
  void aRecordIsKeptAliveBeyondItsTimeToLive() throws Exception {
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    assumeTrue(registry.recordTtl().compareTo(Duration.ofSeconds(5)) <= 0);
    Held announced = announced(registry, orders(), at(1).withInstance("run-1"));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1));

    await()
        .pollDelay(registry.recordTtl().multipliedBy(2))
        .atMost(registry.recordTtl().multipliedBy(3))
        .untilAsserted(() -> assertThat(announced.record().end()).isEmpty());
    assertAddresses(watch, at(1));
  }

  @Test
  void withdrawingDeletesTheRecordAndSaysNothingMore() throws Exception {
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    Held announced = announced(registry, orders(), at(1).withInstance("run-1"));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1));
    int published = announced.record().published();

    get(announced.announcement().withdraw());

    assertThat(get(another().read(orders())).endpoints()).isEqualTo(EndpointSet.EMPTY);
    awaitAddresses(watch);
    assertThat(announced.record().published()).isEqualTo(published);
    assertThat(announced.record().end()).isEmpty();
  }

  @Test
  void theNewerAnnouncementAtAnAddressTakesItOver() throws Exception {
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    Held older = announced(registry, orders(), at(1).withInstance("older"));
    Held newer = announced(another(), orders(), at(1).withInstance("newer"));

    patiently().until(() -> older.record().end().isPresent());
    assertThat(older.record().end().orElseThrow().kind())
        .isEqualTo(RegistryException.Kind.TAKEN_OVER);
    assertThat(older.record().ended()).isEqualTo(1);
    assertThat(get(another().read(orders())).endpoints())
        .isEqualTo(EndpointSet.of(at(1).withInstance("newer")));
    assertThat(newer.record().end()).isEmpty();
  }

  @Test
  void withdrawingLeavesTheRecordOfWhoTookOver() throws Exception {
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    Held older = announced(registry, orders(), at(1).withInstance("older"));
    Held newer = announced(another(), orders(), at(1).withInstance("newer"));

    // Whether this succeeds or fails is open: there is nothing left to withdraw.
    settled(older.announcement().withdraw());

    assertThat(get(another().read(orders())).endpoints())
        .isEqualTo(EndpointSet.of(at(1).withInstance("newer")));
    assertThat(newer.record().end()).isEmpty();
  }

  @Test
  void closingARegistryRemovesItsRecords() throws Exception {
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    Registry other = another();
    announced(other, orders(), at(1).withInstance("run-1"));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1));

    other.close();
    other.close();

    awaitAddresses(watch);
  }

  @Test
  void aWatchIsRestoredWithACompleteSnapshot() throws Exception {
    assumeTrue(canBreakConnection());
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
    assumeTrue(canBreakConnection());
    breakConnection();
    try {
      assertThatThrownBy(
              () ->
                  registry
                      .read(orders())
                      .toCompletableFuture()
                      .get(
                          registry.requestTimeout().plusSeconds(1).toMillis(),
                          TimeUnit.MILLISECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(RegistryException.class);
    } finally {
      restoreConnection();
    }
  }

  @Test
  void anAnnouncementOutlivesAShortBreakOrSaysThatItEnded() throws Exception {
    assumeTrue(canBreakConnection());
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    Held announced = announced(registry, orders(), at(1).withInstance("run-1"));

    breakConnection();
    restoreConnection();

    patiently()
        .untilAsserted(
            () -> {
              boolean visible =
                  get(another().read(orders())).endpoints().at(at(1).address()).isPresent();
              boolean ended = announced.record().end().isPresent();
              assertThat(visible || ended).isTrue();
            });
    announced.record().end().ifPresent(cause -> assertThat(cause.kind().isRetryable()).isTrue());
  }

  @Test
  void aWithdrawalThatFailedCanBeTriedAgain() throws Exception {
    assumeTrue(canBreakConnection());
    assumeTrue(registry.capabilities().contains(Capability.ANNOUNCE));
    Held announced = announced(registry, orders(), at(1).withInstance("run-1"));

    breakConnection();
    CompletionStage<Void> first = announced.announcement().withdraw();
    settled(first);
    restoreConnection();
    patiently()
        .untilAsserted(
            () -> {
              get(announced.announcement().withdraw());
              assertThat(get(another().read(orders())).endpoints()).isEqualTo(EndpointSet.EMPTY);
            });
  }
}
