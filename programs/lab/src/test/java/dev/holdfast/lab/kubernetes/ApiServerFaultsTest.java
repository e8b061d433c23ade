package dev.holdfast.lab.kubernetes;

import static dev.holdfast.lab.kubernetes.ApiCalls.PATIENCE;
import static dev.holdfast.lab.kubernetes.ApiCalls.SLICES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.kubernetes.ApiCalls.Watched;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Refusals, overload and broken connections, to the byte where the real server's are known. */
class ApiServerFaultsTest {
  private static final String WATCH = SLICES + "?watch=1&resourceVersion=1000";

  private final ApiServer server = ApiServer.start();
  private final ApiCalls calls = new ApiCalls(server);

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Test
  void verbThatIsNotAllowedIsNamedWithUserAndNamespace() throws Exception {
    server.access().accept("secret", "system:serviceaccount:prod:shop").refuse(ApiVerb.WATCH);

    HttpResponse<String> refused = calls.get(WATCH, "Authorization", "Bearer secret");

    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body())
        .isEqualToIgnoringWhitespace(
            """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
            "message":"endpointslices.discovery.k8s.io is forbidden: User
             \\"system:serviceaccount:prod:shop\\" cannot watch resource \\"endpointslices\\"
             in API group \\"discovery.k8s.io\\" in the namespace \\"prod\\"",
            "reason":"Forbidden",
            "details":{"group":"discovery.k8s.io","kind":"endpointslices"},"code":403}
            """);
    assertThat(get("secret", SLICES).statusCode()).isEqualTo(200);
    server.access().permit(ApiVerb.WATCH);
    assertThat(get("secret", SLICES).statusCode()).isEqualTo(200);
  }

  @Test
  void tokenIsCheckedAtEveryRequest() throws Exception {
    server.access().accept("old", "system:serviceaccount:prod:shop");
    assertThat(get("old", SLICES).statusCode()).isEqualTo(200);
    server.access().accept("new", "system:serviceaccount:prod:shop").revoke("old");

    HttpResponse<String> refused = get("old", SLICES);

    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(refused.body())
        .isEqualToIgnoringWhitespace(
            """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
            "message":"Unauthorized","reason":"Unauthorized","code":401}
            """);
    assertThat(get("new", SLICES).statusCode()).isEqualTo(200);
    HttpResponse<String> anonymous = calls.get("/api/v1/services");
    assertThat(anonymous.statusCode()).isEqualTo(403);
    assertThat(anonymous.body())
        .contains("User \\\"system:anonymous\\\" cannot list resource \\\"services\\\"")
        .contains("in API group \\\"\\\" at the cluster scope");
  }

  @Test
  void rulesAllowWhatTheyNameAndNothingElse() throws Exception {
    server
        .access()
        .allowOnly(
            List.of(
                new RbacRule("prod", "discovery.k8s.io", "endpointslices", Set.of("list", "get"))));

    assertThat(calls.get(SLICES).statusCode()).isEqualTo(200);
    assertThat(calls.get(SLICES + "/none").statusCode()).isEqualTo(404);
    assertThat(calls.get(WATCH).statusCode()).isEqualTo(403);
    assertThat(calls.get(SLICES.replace("prod", "test")).statusCode()).isEqualTo(403);
    assertThat(calls.get(ApiCalls.ALL_SLICES).statusCode()).isEqualTo(403);
    assertThat(calls.get("/api/v1/namespaces/prod/services").statusCode()).isEqualTo(403);
  }

  @Test
  void overloadIsSaidInPlainWordsWithATimeToWait() throws Exception {
    server
        .faults()
        .fail(ApiVerb.LIST, ApiFault.tooManyRequests(Duration.ofSeconds(2)), 1)
        .fail(ApiVerb.GET, ApiFault.storageStarting(), 1);

    HttpResponse<String> first = calls.get(SLICES);
    HttpResponse<String> single = calls.get(SLICES + "/a");

    assertThat(first.statusCode()).isEqualTo(429);
    assertThat(first.headers().firstValue("retry-after")).hasValue("2");
    assertThat(first.headers().firstValue("content-type").orElse("")).startsWith("text/plain");
    assertThat(first.body()).isEqualTo("Too many requests, please try again later.\n");
    assertThat(single.statusCode()).isEqualTo(429);
    assertThat(single.body()).contains("\"reason\":\"TooManyRequests\"", "retryAfterSeconds");
    assertThat(calls.get(SLICES).statusCode()).isEqualTo(200);
  }

  @Test
  void otherFailuresComeAsOrderedAndEndWhenHealed() throws Exception {
    server.faults().failEverything(ApiFault.etcdTimeout());
    assertThat(calls.get(SLICES).body()).contains("etcdserver: request timed out");
    assertThat(calls.get(WATCH).statusCode()).isEqualTo(500);
    server.faults().failEverything(ApiFault.expired());
    assertThat(calls.get(WATCH).statusCode()).isEqualTo(410);
    server.faults().fail(ApiVerb.WATCH, ApiFault.expiredEvent());
    assertThat(calls.watch(WATCH).await(1)).singleElement().asString().contains("\"ERROR\"");
    server.faults().fail(ApiVerb.LIST, ApiFault.garbage("{\"kind\":\"Endpoi"));
    assertThat(calls.get(SLICES).body()).isEqualTo("{\"kind\":\"Endpoi");
    server.faults().fail(ApiVerb.LIST, ApiFault.cut());
    assertThatThrownBy(() -> calls.get(SLICES)).isInstanceOf(IOException.class);
    server.faults().heal();

    assertThat(calls.get(SLICES).statusCode()).isEqualTo(200);
    assertThat(server.count(ApiVerb.WATCH)).isEqualTo(3);
  }

  @Test
  void deafConnectionsStayOpenAndNewOnesAreAnswered() throws Exception {
    Watched watch = calls.watch(WATCH);
    server.silenceConnections();
    server.store().put(EndpointSlice.of("prod", "orders", "orders-a"));
    server.endWatches();

    assertThat(new ApiCalls(server).get(SLICES).statusCode()).isEqualTo(200);
    assertThat(watch.lines()).isEmpty();
    assertThat(server.openConnections()).isPositive();
  }

  @Test
  void hangingRequestIsLeftAlone() throws Exception {
    server.faults().fail(ApiVerb.LIST, ApiFault.hang(), 1);
    CompletableFuture<HttpResponse<String>> hanging = calls.getLater(SLICES);
    await().atMost(PATIENCE).until(() -> server.count(ApiVerb.LIST) == 1);

    assertThat(new ApiCalls(server).get(SLICES).statusCode()).isEqualTo(200);
    assertThat(hanging).isNotDone();
  }

  @Test
  void slowListOfManySlicesComesWholeAndLate() throws Exception {
    server
        .store()
        .putAll(
            IntStream.range(0, 5_000)
                .mapToObj(
                    i ->
                        EndpointSlice.of("prod", "orders", "orders-" + i).withAddresses("10.0.0.1"))
                .toList());
    String whole = calls.get(SLICES).body();
    server.faults().slowLists(whole.length() * 2).delay(ApiVerb.LIST, Duration.ofMillis(100));
    long begun = System.nanoTime();

    HttpResponse<String> slow = calls.get(SLICES);

    assertThat(slow.body()).isEqualTo(whole).contains("orders-4999");
    assertThat(System.nanoTime() - begun).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(400));
  }

  @Test
  void stoppedServerRefusesConnectionsUntilItIsBackOnItsPort() throws Exception {
    server.store().put(EndpointSlice.of("prod", "orders", "orders-a"));
    server.stop();
    assertThatThrownBy(() -> calls.get(SLICES)).isInstanceOf(IOException.class);
    server.startAgain();

    assertThat(calls.get(SLICES).body()).contains("orders-a");
    server.restartEmpty();
    assertThat(calls.get(SLICES).body()).endsWith("\"items\":[]}");
  }

  private HttpResponse<String> get(String token, String path) throws Exception {
    return calls.get(path, "Authorization", "Bearer " + token);
  }
}
