package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.control.internal.xds.XdsSnapshot;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which services there are, whatever the registry says of their names. */
class KnownServicesTest {
  private static final EndpointSet ONE = EndpointSet.of(Endpoint.of("10.0.0.1:50051"));
  private static final long LONG = KnownServices.FORGET_AFTER.toNanos();

  private final KnownServices services = new KnownServices();

  @Test
  void nothingIsKnownBeforeTheFirstNames() {
    assertThat(services.isKnown()).isFalse();
    services.onNames(0, Set.of());
    assertThat(services.isKnown()).isTrue();
  }

  @Test
  void aServiceOfTheFirstNamesIsPendingUntilItsListIsKnown() {
    services.onNames(0, Set.of("orders", "users"));
    assertThat(services.pending()).containsExactlyInAnyOrder("orders", "users");

    services.onEndpoints(0, "orders", ONE);
    services.onEndpoints(0, "users", EndpointSet.EMPTY);
    assertThat(services.pending()).isEmpty();
    assertThat(services.takeChanged()).containsExactlyInAnyOrder("orders", "users");
    assertThat(services.takeChanged()).isEmpty();
  }

  @Test
  void aServiceThatAppearsLaterIsNotPending() {
    services.onNames(0, Set.of("orders"));
    services.onEndpoints(0, "orders", ONE);
    services.onNames(0, Set.of("orders", "users"));

    assertThat(services.followed()).contains("users");
    assertThat(services.pending()).isEmpty();
    assertThat(services.takeChanged()).containsExactly("orders");
  }

  @Test
  void whatWasRememberedIsPendingUnlessItHadNoEndpoints() {
    services.onRemembered(0, Map.of("orders", 3, "idle", 0));

    assertThat(services.isKnown()).isTrue();
    assertThat(services.pending()).containsExactly("orders");
    assertThat(services.list("idle")).contains(EndpointSet.EMPTY);
    assertThat(services.followed()).containsExactlyInAnyOrder("orders", "idle");
  }

  @Test
  void aRegistryWithoutNamesTakesNothingAway() {
    services.onNames(0, Set.of("orders"));
    services.onEndpoints(0, "orders", ONE);
    services.onNames(1, Set.of());
    services.onTimeout(10 * LONG);

    assertThat(services.list("orders")).contains(ONE);
    assertThat(services.nextDeadlineNanos()).isEmpty();
  }

  @Test
  void aServiceWithoutNameAndEndpointsIsForgottenAfterAWhile() {
    services.onNames(0, Set.of("orders"));
    services.onEndpoints(0, "orders", ONE);
    services.onNames(1, Set.of());
    services.onEndpoints(5, "orders", EndpointSet.EMPTY);
    assertThat(services.nextDeadlineNanos()).hasValue(5 + LONG);
    assertThat(services.takeChanged()).containsExactly("orders");

    services.onTimeout(4 + LONG);
    assertThat(services.list("orders")).contains(EndpointSet.EMPTY);
    services.onTimeout(5 + LONG);
    assertThat(services.list("orders")).isEmpty();
    assertThat(services.takeChanged()).containsExactly("orders");
    assertThat(services.followed()).isEmpty();
  }

  @Test
  void aServiceThatComesBackInTimeIsNotForgotten() {
    services.onNames(0, Set.of("orders"));
    services.onEndpoints(0, "orders", EndpointSet.EMPTY);
    services.onNames(1, Set.of());
    services.onNames(2, Set.of("orders"));
    services.onTimeout(10 * LONG);

    assertThat(services.list("orders")).contains(EndpointSet.EMPTY);
  }

  @Test
  void aListThatIsTheSameIsNoChange() {
    services.onNames(0, Set.of("orders"));
    services.onEndpoints(0, "orders", ONE);
    assertThat(services.takeChanged()).containsExactly("orders");
    services.onEndpoints(1, "orders", ONE);
    assertThat(services.takeChanged()).isEmpty();
  }

  private static final long PATIENT = KnownServices.REFUSED_AFTER.toNanos();

  private void ordersIsKnownAndShopIsSenseless() {
    services.onNames(0, Set.of("orders", "shop"));
    services.onEndpoints(0, "orders", ONE);
    assertThat(services.onWatchFailed(1, "shop", true)).isTrue();
    assertThat(services.nextDeadlineNanos()).hasValue(1 + PATIENT);
  }

  @Test
  void aServiceWithoutSenseIsRefusedAfterAWhileAndHoldsNobodyUp() {
    ordersIsKnownAndShopIsSenseless();
    services.onTimeout(PATIENT);
    assertThat(services.unknownServices().pending()).containsExactly("shop");
    assertThat(services.isComplete()).isFalse();

    assertThat(services.onWatchFailed(PATIENT, "shop", true)).isFalse();
    services.onTimeout(1 + PATIENT);
    assertThat(services.unknownServices())
        .isEqualTo(new XdsSnapshot.UnknownServices(Set.of(), Set.of("shop")));
    assertThat(services.isComplete()).isTrue();
    assertThat(services.pending()).containsExactly("shop");
    assertThat(services.sizes()).containsOnlyKeys("orders");
    assertThat(services.nextDeadlineNanos()).isEmpty();

    // An outage says nothing else of it; only its list does.
    assertThat(services.onWatchFailed(2 + PATIENT, "shop", false)).isFalse();
    assertThat(services.unknownServices().refused()).containsExactly("shop");
    services.onEndpoints(3 + PATIENT, "shop", ONE);
    assertThat(services.unknownServices()).isEqualTo(XdsSnapshot.UnknownServices.NONE);
  }

  @Test
  void anOutageMeanwhileBeginsTheWaitAnew() {
    ordersIsKnownAndShopIsSenseless();
    assertThat(services.onWatchFailed(2, "shop", false)).isTrue();
    assertThat(services.nextDeadlineNanos()).isEmpty();
    services.onTimeout(2 * PATIENT);

    assertThat(services.unknownServices().pending()).containsExactly("shop");
  }

  @Test
  void aRegistryThatMakesSenseOfNothingIsWaitedFor() {
    services.onNames(0, Set.of("orders", "shop"));
    services.onWatchFailed(0, "orders", true);
    services.onWatchFailed(0, "shop", true);
    services.onTimeout(PATIENT);
    assertThat(services.unknownServices().pending()).containsExactlyInAnyOrder("orders", "shop");
    assertThat(services.isComplete()).isFalse();

    services.onEndpoints(PATIENT, "orders", ONE);
    assertThat(services.unknownServices())
        .isEqualTo(new XdsSnapshot.UnknownServices(Set.of(), Set.of("shop")));
  }

  @Test
  void aServiceThatWasServedBeforeIsNeverRefused() {
    services.onRemembered(0, Map.of("orders", 1, "shop", 2));
    services.onNames(0, Set.of("orders", "shop"));
    services.onEndpoints(0, "orders", ONE);
    assertThat(services.onWatchFailed(0, "shop", true)).isFalse();
    services.onTimeout(PATIENT);

    assertThat(services.unknownServices())
        .isEqualTo(new XdsSnapshot.UnknownServices(Set.of("shop"), Set.of()));
  }

  @Test
  void aServiceThatIsServedKeepsItsListWhenItsRecordsLoseTheirSense() {
    services.onNames(0, Set.of("orders"));
    services.onEndpoints(0, "orders", ONE);
    assertThat(services.onWatchFailed(0, "orders", true)).isFalse();
    services.onTimeout(PATIENT);

    assertThat(services.list("orders")).contains(ONE);
    assertThat(services.unknownServices()).isEqualTo(XdsSnapshot.UnknownServices.NONE);
  }

  @Test
  void furtherServicesThanTheBoundAreCountedAndNotFollowed() {
    Set<String> many =
        IntStream.range(0, KnownServices.MAX_SERVICES + 3)
            .mapToObj(i -> "s" + i)
            .collect(Collectors.toSet());
    services.onNames(0, many);

    assertThat(services.followed()).hasSize(KnownServices.MAX_SERVICES);
    assertThat(services.skipped()).isEqualTo(3);
  }
}
