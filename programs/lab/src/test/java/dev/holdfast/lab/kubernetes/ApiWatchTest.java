package dev.holdfast.lab.kubernetes;

import static dev.holdfast.lab.kubernetes.ApiCalls.ALL_SLICES;
import static dev.holdfast.lab.kubernetes.ApiCalls.PATIENCE;
import static dev.holdfast.lab.kubernetes.ApiCalls.SLICES;
import static dev.holdfast.lab.kubernetes.ApiCalls.between;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.kubernetes.ApiCalls.Watched;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Watches, as the API's documents describe them. */
class ApiWatchTest {
  private static final EndpointSlice ORDERS = EndpointSlice.of("prod", "orders", "orders-a");

  private final ApiServer server =
      ApiServer.start(ApiServerOptions.defaults().withBookmarkInterval(Duration.ofMillis(100)));
  private final ApiCalls calls = new ApiCalls(server);

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Test
  void watchTellsEveryChangeBehindItsVersionInOrder() throws Exception {
    long before = server.store().version();
    server.store().put(ORDERS);
    Watched watch = calls.watch(from(SLICES, before));
    server.store().put(ORDERS.withAddresses("10.0.0.1"));
    server.store().put(EndpointSlice.of("test", "orders", "elsewhere"));
    long last = server.store().delete(ORDERS);

    List<String> lines = watch.await(3);

    assertThat(lines)
        .extracting(line -> between(line, "{\"type\":\"", "\""))
        .containsExactly("ADDED", "MODIFIED", "DELETED");
    assertThat(lines.get(1)).contains("\"addresses\":[\"10.0.0.1\"]", "\"generation\":2");
    assertThat(lines.get(2))
        .contains("\"kind\":\"EndpointSlice\"", "\"resourceVersion\":\"" + last + "\"")
        .contains("\"addresses\":[\"10.0.0.1\"]");
  }

  @Test
  void watchWithoutAVersionBeginsWithWhatIsThere() throws Exception {
    server.store().put(ORDERS);
    server.store().put(EndpointSlice.of("test", "users", "users-a"));

    Watched watch = calls.watch(ALL_SLICES + "?watch=true");

    assertThat(watch.await(2))
        .allMatch(line -> line.startsWith("{\"type\":\"ADDED\""))
        .anyMatch(line -> line.contains("\"name\":\"orders-a\""))
        .anyMatch(line -> line.contains("\"name\":\"users-a\""));
  }

  @Test
  void objectThatIsNotChosenAnyMoreIsDeletedForTheWatcher() throws Exception {
    Watched watch =
        calls.watch(
            from(SLICES, server.store().version())
                + "&labelSelector=kubernetes.io%2Fservice-name%3Dorders");
    server.store().put(ORDERS.withLabels(Map.of(EndpointSlice.SERVICE_NAME, "users")));
    server.store().put(ORDERS);
    server.store().put(ORDERS.withAddresses("10.0.0.1"));
    server.store().put(ORDERS.withLabels(Map.of()));

    assertThat(watch.await(3))
        .extracting(line -> between(line, "{\"type\":\"", "\""))
        .containsExactly("ADDED", "MODIFIED", "DELETED");
  }

  @Test
  void bookmarksSayWhereTheWatchStandsToThoseWhoAskForThem() throws Exception {
    String target = from(SLICES, server.store().version());
    Watched plain = calls.watch(target);
    Watched watch = calls.watch(target + "&allowWatchBookmarks=true");
    long now = server.store().put(EndpointSlice.of("test", "orders", "elsewhere"));

    assertThat(watch.await(3))
        .allMatch(line -> line.startsWith("{\"type\":\"BOOKMARK\",\"object\":{"))
        .allMatch(line -> line.contains("\"kind\":\"EndpointSlice\""))
        .allMatch(line -> line.contains("\"resourceVersion\":\"" + now + "\""));
    assertThat(plain.lines()).isEmpty();
  }

  @Test
  void bookmarksTellOfOtherKindsOnlyOnceSomebodyListedTheNewest() throws Exception {
    long before = server.store().put(ORDERS);
    Watched watch = calls.watch(from(SLICES, before) + "&allowWatchBookmarks=true");
    server.store().touch();
    long now = server.store().touch();
    assertThat(watch.lines()).isEmpty();

    calls.get(SLICES);

    assertThat(watch.await(1))
        .allMatch(line -> line.contains("\"BOOKMARK\""))
        .allMatch(line -> line.contains("\"resourceVersion\":\"" + now + "\""));
  }

  @Test
  void watchEndsInGoodOrderWhenItsTimeIsUp() throws Exception {
    Watched watch = calls.watch(from(SLICES, server.store().version()) + "&timeoutSeconds=1");

    assertThat(watch.awaitEnd()).isEqualTo("end");
    assertThat(watch.lines()).isEmpty();
    await().atMost(PATIENCE).until(() -> server.openWatches() == 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void watchFromACompactedVersionHearsThatItIsGone(boolean byStatus) throws Exception {
    server.expireByStatus(byStatus);
    long old = server.store().version();
    long now = server.store().put(ORDERS);
    server.store().compact();
    String status =
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
            + "\"message\":\"too old resource version: "
            + old
            + " ("
            + now
            + ")\",\"reason\":\"Expired\",\"code\":410}";

    Watched watch = calls.watch(from(SLICES, old));

    assertThat(watch.awaitEnd()).isEqualTo("end");
    assertThat(watch.code).isEqualTo(byStatus ? 410 : 200);
    assertThat(watch.lines())
        .containsExactly(byStatus ? status : "{\"type\":\"ERROR\",\"object\":" + status + "}");
  }

  @Test
  void openWatchSurvivesACompaction() throws Exception {
    Watched watch = calls.watch(from(SLICES, server.store().version()));
    server.store().put(ORDERS);
    assertThat(watch.await(1)).hasSize(1);
    server.store().compact();
    server.store().delete(ORDERS);

    assertThat(watch.await(2)).last().asString().startsWith("{\"type\":\"DELETED\"");
  }

  @Test
  void watchAheadOfALostStoreIsSilentUntilItsVersionComesAgain() throws Exception {
    for (int i = 0; i < 3; i++) {
      server.store().touch();
    }
    long ahead = server.store().version();
    server.restartEmpty();
    Watched watch = calls.watch(from(SLICES, ahead));
    server.store().put(ORDERS);
    server.store().touch();
    server.store().touch();
    server.store().put(ORDERS.withAddresses("10.0.0.9"));

    assertThat(watch.await(1)).first().asString().contains("\"MODIFIED\"", "10.0.0.9");
    assertThat(server.store().version()).isEqualTo(ahead + 1);
  }

  @Test
  void restartEndsWatchesAndForgetsWhatCouldBeWatched() throws Exception {
    long old = server.store().version();
    long now = server.store().put(ORDERS);
    Watched watch = calls.watch(from(SLICES, now));
    server.restart();
    assertThat(watch.awaitEnd()).isEqualTo("broken");

    Watched behind = calls.watch(from(SLICES, old));
    Watched inTime = calls.watch(from(SLICES, now));
    server.store().delete(ORDERS);

    assertThat(behind.await(1)).first().asString().contains("\"ERROR\"", "\"Expired\"");
    assertThat(inTime.await(1)).first().asString().contains("\"DELETED\"");
  }

  @Test
  void silentWatchSaysNothingMoreWhileOthersDo() throws Exception {
    String target = from(SLICES, server.store().version());
    Watched silent = calls.watch(target + "&allowWatchBookmarks=true");
    server.silenceWatches();
    Watched other = calls.watch(target);
    server.store().put(ORDERS);

    assertThat(other.await(1)).hasSize(1);
    assertThat(silent.lines()).allMatch(line -> line.contains("\"BOOKMARK\""));
    assertThat(server.openWatches()).isEqualTo(2);
  }

  @Test
  void watchesEndAndExpireAndSayGarbageAsTold() throws Exception {
    String target = from(SLICES, server.store().version());
    Watched ended = calls.watch(target);
    server.endWatches();
    assertThat(ended.awaitEnd()).isEqualTo("end");
    Watched expired = calls.watch(target);
    server.expireWatches();
    assertThat(expired.awaitEnd()).isEqualTo("end");
    assertThat(expired.lines()).singleElement().asString().contains("\"ERROR\"", "410");
    Watched garbled = calls.watch(target);
    server.sendToWatches("{\"type\":\"ADD\n");
    server.cutConnections();
    assertThat(garbled.awaitEnd()).isEqualTo("broken");
    assertThat(garbled.lines()).containsExactly("{\"type\":\"ADD");
  }

  @Test
  void heldCacheTellsWatchesOnlyWhenItCatchesUp() throws Exception {
    Watched watch = calls.watch(from(SLICES, server.store().version()));
    server.store().holdCache();
    server.store().put(ORDERS);
    HttpResponse<String> newest = calls.get(SLICES);
    assertThat(newest.body()).contains("orders-a");
    assertThat(watch.lines()).isEmpty();
    server.store().releaseCache();

    assertThat(watch.await(1)).first().asString().contains("\"ADDED\"");
  }

  private static String from(String path, long version) {
    return path + "?watch=1&resourceVersion=" + version;
  }
}
