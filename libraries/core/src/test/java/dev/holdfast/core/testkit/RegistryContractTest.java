package dev.holdfast.core.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.Registry.Announcement;
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
import org.junit.jupiter.api.Test;

/**
 * What every {@link Registry} does that can be written to as well, beyond {@link
 * ReadableRegistryContractTest}: announcements, attributes and names. A registry's test extends
 * this with a real back end.
 */
public abstract class RegistryContractTest extends ReadableRegistryContractTest {

  @Test
  void attributesSurviveTheWayThroughTheRegistry() throws Exception {
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
    Endpoint before = at(1).withInstance("run-1");
    hold(orders(), before);
    RecordedWatch watch = watch(orders());
    patiently().until(() -> watch.last().equals(Optional.of(EndpointSet.of(before))));

    Endpoint after = before.withDraining(true).withWeight(7);
    hold(orders(), after);

    patiently().untilAsserted(() -> assertThat(watch.last()).contains(EndpointSet.of(after)));
  }

  @Test
  void theNamesOfANamespaceAreFollowed() throws Exception {
    List<TreeSet<String>> seen = Collections.synchronizedList(new ArrayList<>());
    try (Subscription unused =
        registry.watchNames(
            orders().namespace(),
            new Registry.ServiceNamesListener() {
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
  void anAnnouncementIsVisibleToOthersOncePublished() throws Exception {
    Held announced = announced(registry, orders(), at(1).withInstance("run-1"));

    assertThat(get(another().read(orders())).endpoints())
        .isEqualTo(EndpointSet.of(at(1).withInstance("run-1")));
    assertThat(announced.record().callsElsewhere()).isZero();
  }

  @Test
  void anUpdateIsPublishedAgain() throws Exception {
    Held announced = announced(registry, orders(), at(1).withInstance("run-1"));

    announced.announcement().update(at(1).withInstance("run-1").withWeight(3));

    patiently().until(() -> announced.record().published() >= 2);
    assertThat(get(another().read(orders())).endpoints().endpoints().get(0).weight()).isEqualTo(3);
  }

  @Test
  void aRecordIsKeptAliveBeyondItsTimeToLive() throws Exception {
    assertThat(registry.recordTtl())
        .as("the registry under test is opened with a short time to live")
        .isLessThanOrEqualTo(Duration.ofSeconds(5));
    Held announced = announced(registry, orders(), at(1).withInstance("run-1"));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1));

    await()
        .pollDelay(registry.recordTtl().multipliedBy(2))
        .atMost(registry.recordTtl().multipliedBy(10))
        .untilAsserted(() -> assertThat(announced.record().end()).isEmpty());
    assertAddresses(watch, at(1));
  }

  @Test
  void withdrawingDeletesTheRecordAndSaysNothingMore() throws Exception {
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
    Held older = announced(registry, orders(), at(1).withInstance("older"));
    Held newer = announced(another(), orders(), at(1).withInstance("newer"));

    patiently().until(() -> older.record().end().isPresent());
    assertThat(older.record().end().orElseThrow().kind())
        .isEqualTo(RegistryException.RegistryErrorKind.TAKEN_OVER);
    assertThat(older.record().ended()).isEqualTo(1);
    assertThat(get(another().read(orders())).endpoints())
        .isEqualTo(EndpointSet.of(at(1).withInstance("newer")));
    assertThat(newer.record().end()).isEmpty();
  }

  @Test
  void withdrawingLeavesTheRecordOfWhoTookOver() throws Exception {
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
    Registry other = another();
    announced(other, orders(), at(1).withInstance("run-1"));
    RecordedWatch watch = watch(orders());
    awaitAddresses(watch, at(1));

    other.close();
    other.close();

    awaitAddresses(watch);
  }

  @Test
  void anAnnouncementOutlivesAShortBreakOrSaysThatItEnded() throws Exception {
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
