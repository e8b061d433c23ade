package dev.holdfast.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceRouterTest {
  private final ServiceRouter router =
      new ServiceRouter(
          Map.of(
              "orders", Set.of("orders.v1.Orders", "grpc.health.v1.Health", "shared.v1.Both"),
              "stock.prod", Set.of("stock.v1.Stock", "grpc.health.v1.Health", "shared.v1.Both"),
              "mail.prod", Set.of(),
              "mail.test", Set.of(),
              "team/carts:grpc", Set.of()),
          RouteOptions.DEFAULT);

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      value = {
        "orders, /x/Y, orders",
        "ORDERS:443, /x/Y, orders",
        "orders., /x/Y, orders",
        "orders.prod.example:443, /x/Y, orders",
        "stock.prod, /x/Y, stock.prod",
        "stock, /x/Y, stock.prod",
        "mail.prod, /x/Y, mail.prod",
        "mail, /x/Y, none",
        "carts:50051, /x/Y, team/carts:grpc",
        // By path, when the authority says nothing.
        "localhost:8080, /orders.v1.Orders/Get, orders",
        "'', /stock.v1.Stock/Get, stock.prod",
        "10.0.0.1:8080, /orders.v1.Orders/Get, orders",
        "[::1]:8080, /orders.v1.Orders/Get, orders",
        "localhost, /shared.v1.Both/Get, none",
        "stock, /shared.v1.Both/Get, stock.prod",
        "stock, /orders.v1.Orders/Get, stock.prod",
        "localhost, /grpc.health.v1.Health/Check, none",
        "orders, /grpc.health.v1.Health/Check, orders",
        "localhost, /orders.v1.Orders, none",
        "localhost, orders.v1.Orders/Get, none",
        "localhost, '', none",
        "localhost, /, none",
      })
  void aServiceIsFoundByItsNameOrByWhatItOffers(
      String authority, String path, @Nullable String expected) {
    Route route = router.find(TestRequest.of(authority, path));
    assertThat(route == null ? null : route.cluster()).isEqualTo(expected);
  }

  @Test
  void whatSeveralServicesOfferIsAnsweredWithTheirNames() {
    assertThat(router.expectation(TestRequest.of("localhost", "/shared.v1.Both/Get")))
        .isEqualTo(
            "an authority or a route, since more than one service is meant: orders, stock.prod");
    assertThat(router.expectation(TestRequest.of("mail", "/x/Y")))
        .endsWith(": mail.prod, mail.test");
  }

  @Test
  void healthAndReflectionAskForAnAuthority() {
    assertThat(
            router.expectation(
                TestRequest.of("localhost", "/grpc.reflection.v1.ServerReflection/X")))
        .isEqualTo(
            "the authority of one of the services mail.prod, mail.test, orders, stock.prod,"
                + " team/carts:grpc");
  }

  @Test
  void theOnlyServiceIsMeantWhileNothingIsKnownOfIt() {
    ServiceRouter one = new ServiceRouter(Map.of("orders", Set.of()), RouteOptions.DEFAULT);
    assertThat(one.find(TestRequest.of("localhost", "/a.B/C"))).isNotNull();
    assertThat(one.find(TestRequest.of("localhost", "/grpc.health.v1.Health/Check"))).isNull();

    ServiceRouter known =
        new ServiceRouter(Map.of("orders", Set.of("orders.v1.Orders")), RouteOptions.DEFAULT);
    assertThat(known.find(TestRequest.of("localhost", "/a.B/C"))).isNull();
  }

  @Test
  void reflectionWithoutAnAuthorityIsThatOfTheOnlyService() {
    String reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    ServiceRouter one =
        new ServiceRouter(Map.of("orders", Set.of("orders.v1.Orders")), RouteOptions.DEFAULT);
    Route route = one.find(TestRequest.of("127.0.0.1:8080", reflection));
    assertThat(route).isNotNull().extracting(Route::cluster).isEqualTo("orders");
    assertThat(one.find(TestRequest.of("127.0.0.1:8080", "/grpc.health.v1.Health/Check"))).isNull();
    assertThat(router.find(TestRequest.of("127.0.0.1:8080", reflection))).isNull();
  }

  @Test
  void whoHasNotSaidWhatItOffersMayOfferAnything() {
    ServiceRouter learning =
        new ServiceRouter(
            Map.of("orders", Set.of("orders.v1.Orders"), "carts", Set.of()),
            Set.of("carts"),
            RouteOptions.DEFAULT);
    assertThat(learning.isLearning()).isTrue();
    assertThat(learning.find(TestRequest.of("localhost", "/orders.v1.Orders/Get"))).isNotNull();
    assertThat(learning.expectation(TestRequest.of("localhost", "/a.B/C")))
        .endsWith(
            "the services carts, orders; or a little patience, since nobody knows yet what is"
                + " offered by carts");
    assertThat(router.isLearning()).isFalse();
    assertThat(new FallbackRouter(router, learning).isLearning()).isTrue();
  }

  @Test
  void aRegistryWithoutServicesIsSaidToHaveNone() {
    ServiceRouter none = new ServiceRouter(Map.of(), RouteOptions.DEFAULT);
    assertThat(none.find(TestRequest.of("a", "/a.B/C"))).isNull();
    assertThat(none.expectation(TestRequest.of("a", "/a.B/C")))
        .isEqualTo("a service in the registry, which has none");
  }
}
