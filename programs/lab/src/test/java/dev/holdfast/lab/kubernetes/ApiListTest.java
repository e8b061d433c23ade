package dev.holdfast.lab.kubernetes;

import static dev.holdfast.lab.kubernetes.ApiCalls.ALL_SLICES;
import static dev.holdfast.lab.kubernetes.ApiCalls.SLICES;
import static dev.holdfast.lab.kubernetes.ApiCalls.between;
import static dev.holdfast.lab.kubernetes.ApiCalls.version;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists and single objects, as the API's documents describe them. */
class ApiListTest {
  private static final EndpointSlice ORDERS =
      EndpointSlice.of("prod", "orders", "orders-a").withPorts(SlicePort.tcp("grpc", 50_051));

  private final ApiServer server = ApiServer.start();
  private final ApiCalls calls = new ApiCalls(server);

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Test
  void listSaysItsVersionAndEachObjectItsOwn() throws Exception {
    long first = server.store().put(ORDERS.withAddresses("10.0.0.1"));
    long second = server.store().put(EndpointSlice.of("prod", "users", "users-a"));
    server.store().put(EndpointSlice.of("test", "orders", "orders-t"));

    HttpResponse<String> list = calls.get(SLICES);

    assertThat(list.statusCode()).isEqualTo(200);
    assertThat(list.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(list.body())
        .startsWith("{\"kind\":\"EndpointSliceList\",\"apiVersion\":\"discovery.k8s.io/v1\"")
        .contains("\"resourceVersion\":\"" + first + "\"", "\"resourceVersion\":\"" + second + "\"")
        .contains("\"addresses\":[\"10.0.0.1\"]")
        .contains("\"ready\":true,\"serving\":true,\"terminating\":false")
        .contains("\"ports\":[{\"name\":\"grpc\",\"port\":50051,\"protocol\":\"TCP\"}]");
    assertThat(version(list)).isEqualTo(Long.toString(server.store().version()));
    assertThat(names(list)).containsExactly("orders-a", "users-a");
    assertThat(names(calls.get(ALL_SLICES))).containsExactly("orders-a", "users-a", "orders-t");
  }

  @Test
  void sliceWithoutEndpointsHasNullsWhereOthersHaveLists() throws Exception {
    server.store().put(EndpointSlice.of("prod", "idle", "idle-a"));

    assertThat(calls.get(SLICES + "/idle-a").body())
        .startsWith("{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\"")
        .contains("\"endpoints\":null,\"ports\":null");
  }

  @Test
  void emptyListHasAnEmptyArrayAndAVersion() throws Exception {
    HttpResponse<String> list = calls.get(SLICES);

    assertThat(list.body()).endsWith("\"items\":[]}");
    assertThat(version(list)).isEqualTo("1000");
  }

  @Test
  void objectThatIsNotThereIsAStatus404() throws Exception {
    HttpResponse<String> none = calls.get(SLICES + "/none");

    assertThat(none.statusCode()).isEqualTo(404);
    assertThat(none.body())
        .isEqualToIgnoringWhitespace(
            """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
            "message":"endpointslices.discovery.k8s.io \\"none\\" not found",
            "reason":"NotFound",
            "details":{"name":"none","group":"discovery.k8s.io","kind":"endpointslices"},
            "code":404}
            """);
    assertThat(calls.get("/apis/apps/v1/deployments").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "labelSelector | kubernetes.io/service-name=orders           | 2",
        "labelSelector | kubernetes.io/service-name==orders,tier=web | 1",
        "labelSelector | kubernetes.io/service-name!=orders          | 1",
        "labelSelector | kubernetes.io/service-name in (orders,none) | 2",
        "labelSelector | kubernetes.io/service-name notin (orders)   | 1",
        "labelSelector | tier                                        | 1",
        "labelSelector | !tier                                       | 2",
        "fieldSelector | metadata.name=users-a                       | 1",
        "fieldSelector | metadata.name!=users-a                      | 2"
      })
  void selectorChoosesObjects(String parameter, String selector, int expected) throws Exception {
    server.store().put(ORDERS);
    server
        .store()
        .put(
            EndpointSlice.of("prod", "orders", "orders-b")
                .withLabels(Map.of(EndpointSlice.SERVICE_NAME, "orders", "tier", "web")));
    server.store().put(EndpointSlice.of("prod", "users", "users-a"));

    assertThat(names(calls.get(SLICES + "?" + parameter + "=" + encoded(selector))))
        .hasSize(expected);
  }

  @Test
  void selectorThatCannotBeReadIsRefused() throws Exception {
    assertThat(calls.get(SLICES + "?labelSelector=" + encoded("a=b=c")).statusCode())
        .isEqualTo(400);
    HttpResponse<String> field = calls.get(SLICES + "?fieldSelector=" + encoded("spec.x=1"));
    assertThat(field.statusCode()).isEqualTo(400);
    assertThat(field.body()).contains("field label not supported: spec.x");
  }

  @Test
  void pagesAreOfOneVersionHoweverMuchChangesMeanwhile() throws Exception {
    for (int i = 0; i < 5; i++) {
      server.store().put(EndpointSlice.of("prod", "orders", "orders-" + i));
    }
    HttpResponse<String> first = calls.get(SLICES + "?limit=2");
    server.store().delete(ApiResource.ENDPOINT_SLICES, "prod", "orders-3");
    server.store().put(EndpointSlice.of("prod", "orders", "orders-9"));

    List<String> seen = new ArrayList<>(names(first));
    HttpResponse<String> page = first;
    assertThat(first.body()).contains("\"remainingItemCount\":3");
    while (page.body().contains("\"continue\":")) {
      page = calls.get(SLICES + "?limit=2&continue=" + continueToken(page));
      assertThat(version(page)).isEqualTo(version(first));
      seen.addAll(names(page));
    }

    assertThat(seen).containsExactly("orders-0", "orders-1", "orders-2", "orders-3", "orders-4");
  }

  @Test
  void pageAfterACompactionIsGoneAndItsTokenGoesOnWithTheNewest() throws Exception {
    for (int i = 0; i < 3; i++) {
      server.store().put(EndpointSlice.of("prod", "orders", "orders-" + i));
    }
    String token = continueToken(calls.get(SLICES + "?limit=1"));
    server.store().put(EndpointSlice.of("prod", "orders", "orders-9"));
    server.store().compact();

    HttpResponse<String> gone = calls.get(SLICES + "?limit=1&continue=" + token);

    assertThat(gone.statusCode()).isEqualTo(410);
    assertThat(gone.body()).contains("\"reason\":\"Expired\"", "\"code\":410");
    String newest = between(gone.body(), "\"continue\":\"", "\"");
    assertThat(names(calls.get(SLICES + "?limit=9&continue=" + newest)))
        .containsExactly("orders-1", "orders-2", "orders-9");
  }

  @Test
  void exactVersionIsListedUntilItIsCompacted() throws Exception {
    long then = server.store().put(ORDERS);
    server.store().delete(ORDERS);
    String exact = SLICES + "?resourceVersionMatch=Exact&resourceVersion=" + then;

    assertThat(names(calls.get(exact))).containsExactly("orders-a");
    server.store().compact();
    HttpResponse<String> gone = calls.get(exact);
    assertThat(gone.statusCode()).isEqualTo(410);
    assertThat(gone.body()).contains("\"reason\":\"Expired\"");
  }

  @Test
  void versionZeroMayBeOldAndNotOlderThanWaits() throws Exception {
    long old = server.store().put(ORDERS);
    server.store().holdCache();
    long now = server.store().put(EndpointSlice.of("prod", "users", "users-a"));

    assertThat(version(calls.get(SLICES + "?resourceVersion=0"))).isEqualTo("" + old);
    assertThat(version(calls.get(SLICES))).isEqualTo("" + now);
    CompletableFuture<HttpResponse<String>> waiting =
        calls.getLater(SLICES + "?resourceVersionMatch=NotOlderThan&resourceVersion=" + now);
    server.store().releaseCache();
    assertThat(names(waiting.get(30, TimeUnit.SECONDS))).containsExactly("orders-a", "users-a");
  }

  @Test
  void versionOfTheFutureIsATimeoutThatSaysWhenToRetry() throws Exception {
    HttpResponse<String> answer =
        calls.get(SLICES + "?resourceVersionMatch=NotOlderThan&resourceVersion=999999");

    assertThat(answer.statusCode()).isEqualTo(504);
    assertThat(answer.headers().firstValue("retry-after")).hasValue("1");
    assertThat(answer.body())
        .contains("Too large resource version: 999999, current: 1000")
        .contains("\"reason\":\"ResourceVersionTooLarge\"", "\"reason\":\"Timeout\"");
  }

  @ParameterizedTest
  @CsvSource({
    "resourceVersionMatch=NotOlderThan, 422",
    "resourceVersionMatch=Exact&resourceVersion=0, 422",
    "resourceVersionMatch=Newest&resourceVersion=1000, 422",
    "resourceVersion=newest, 400",
    "continue=nonsense, 400",
    "limit=some, 400",
    "watch=true&resourceVersionMatch=Exact&resourceVersion=1000, 422"
  })
  void optionsThatContradictEachOtherAreRefused(String query, int code) throws Exception {
    assertThat(calls.get(SLICES + "?" + query).statusCode()).isEqualTo(code);
  }

  @Test
  void servicesAreListedInTheCoreGroup() throws Exception {
    server.store().put(ClusterService.headless("prod", "orders"));

    assertThat(calls.get("/api/v1/namespaces/prod/services").body())
        .startsWith("{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\"")
        .contains("\"clusterIP\":\"None\"");
    assertThat(names(calls.get("/api/v1/services"))).containsExactly("orders");
  }

  private static List<String> names(HttpResponse<String> list) {
    return Pattern.compile("\"metadata\":\\{\"name\":\"([^\"]+)\"")
        .matcher(list.body())
        .results()
        .map((MatchResult found) -> found.group(1))
        .toList();
  }

  private static String continueToken(HttpResponse<String> list) {
    return between(list.body(), "\"continue\":\"", "\"");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
