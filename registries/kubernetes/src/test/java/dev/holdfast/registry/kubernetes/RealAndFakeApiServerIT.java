package dev.holdfast.registry.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.kubernetes.ApiServer;
import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.RbacRule;
import dev.holdfast.lab.kubernetes.SliceEndpoint;
import dev.holdfast.lab.kubernetes.SlicePort;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The same conversation with a real kube-apiserver and with that of the lab, which all other tests
 * read from: both say the same, but for versions, ids and times. Where they differ, the difference
 * is named here.
 */
class RealAndFakeApiServerIT {
  private static final AtomicInteger RUN = new AtomicInteger();
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final SlicePort GRPC = SlicePort.tcp("grpc", 50051);
  private static final String ORDERS = "labelSelector=kubernetes.io%2Fservice-name%3Dorders";
  private static final Set<String> OWN =
      Set.of("resourceVersion", "uid", "creationTimestamp", "managedFields", "continue");

  @TempDir static Path clusterFolder;
  private static RealCluster cluster;

  private final ApiServer fake = ApiServer.start();
  private final HttpClient plain =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private String namespace;
  private String slices;

  @BeforeAll
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  static void start() throws Exception {
    cluster = RealCluster.start(clusterFolder);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    namespace = "run-" + RUN.incrementAndGet();
    slices = ClusterCalls.SLICES + "/namespaces/" + namespace + "/endpointslices";
    cluster.calls().namespace(namespace);
  }

  @AfterEach
  void close() {
    fake.close();
  }

  @Test
  void bothSayTheSameOfObjectsAndLists() throws Exception {
    bothSay(slices);
    put(slice("a", "10.1.0.1", "10.1.0.2"));
    put(slice("empty"));
    put(
        slice("b")
            .withPorts(GRPC, new SlicePort("dns", 53, "UDP", "x.y/z"))
            .withEndpoints(
                List.of(
                    SliceEndpoint.of("10.1.0.3").leaving().inZone("a").hintedFor("a"),
                    SliceEndpoint.of("10.1.0.4").withConditions(null, null, null))));

    for (String name : List.of("a", "b", "empty", "none")) {
      bothSay(slices + "/orders-" + name);
    }
    for (String query :
        List.of("", ORDERS, ORDERS + "x", "limit=2", "limit=2&" + ORDERS, "limit=9")) {
      bothSay(slices + "?" + query);
    }
    put(slice("a", "10.1.0.7"));
    bothSay(slices + "/orders-a");
    bothSay(slices + "?resourceVersion=0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "resourceVersionMatch=NotOlderThan",
        "resourceVersionMatch=Exact&resourceVersion=0",
        "resourceVersionMatch=Newest&resourceVersion=1",
        "resourceVersion=newest",
        "continue=nonsense",
        "limit=some",
        "watch=true&resourceVersionMatch=Exact&resourceVersion=1",
        "watch=true&resourceVersion=newest",
        "labelSelector=a%3Db%3Dc",
        "fieldSelector=spec.x%3D1"
      })
  void bothRefuseTheSameInWordsOfTheirOwn(String query) throws Exception {
    put(slice("a", "10.1.0.1"));

    Answer theirs = answer(cluster.calls().client(), real(slices + "?" + query));
    Answer ours = answer(plain, ours(slices + "?" + query));

    assertThat(theirs.code).isEqualTo(ours.code);
    assertThat(theirs.field("reason")).isEqualTo(ours.field("reason"));
    assertThat(theirs.type).isEqualTo(ours.type);
  }

  @Test
  void bothSayWhenAVersionOfTheFutureMayBeAskedForAgain() throws Exception {
    bothSay(slices + "?resourceVersionMatch=NotOlderThan&resourceVersion=999999999");
  }

  @Test
  void bothRefuseWhoIsNotKnownOrMayNot() throws Exception {
    String token = cluster.account(namespace, "shop");
    fake.access().accept(token, "system:serviceaccount:" + namespace + ":shop");
    fake.access().allowOnly(List.of(new RbacRule("x", "y", "z", Set.of())));

    for (String query : List.of("", "?watch=true", "/orders-a")) {
      for (String who : List.of("nobody", token)) {
        // Over HTTP/2 the real one says GOAWAY first, which this JDK takes for the end of all.
        HttpRequest request =
            cluster
                .calls()
                .request(slices + query, who)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
        Answer theirs = answer(cluster.calls().client(), request);
        assertThat(theirs).isEqualTo(answer(plain, ours(slices + query, who)));
        assertThat(theirs.code).isEqualTo(who.equals(token) ? 403 : 401);
      }
    }
  }

  @Test
  void bothTellTheSameOfEveryChange() throws Exception {
    Watched theirs = watchReal(slices + "?watch=true&" + ORDERS + "&resourceVersion=" + realNow());
    Watched ours =
        watchFake(slices + "?watch=true&" + ORDERS + "&resourceVersion=" + fake.store().version());

    put(slice("a", "10.1.0.1"));
    put(slice("a", "10.1.0.1", "10.1.0.2"));
    put(slice("a", "10.1.0.1").withLabels(Map.of(EndpointSlice.SERVICE_NAME, "users")));
    put(slice("a", "10.1.0.1"));
    cluster.calls().delete(slice("a"));
    fake.store().delete(slice("a"));

    assertThat(theirs.events(5)).isEqualTo(ours.events(5));
  }

  /** What bookmarks are about: slices of the whole cluster, and no objects of other kinds. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bothBookmarkAWatchShortlyBeforeItEndsIfThereIsNews(boolean news) throws Exception {
    cluster.calls().namespace(namespace + "-other");
    EndpointSlice elsewhere = EndpointSlice.of(namespace + "-other", "users", "users-a");
    put(elsewhere);
    String query =
        slices + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=5&resourceVersion=";
    Watched theirs = watchReal(query + realNow());
    Watched ours = watchFake(query + fake.store().version());

    if (news) {
      put(elsewhere.withAddresses("10.1.0.1"));
    } else {
      cluster.calls().touch(namespace, 1);
      fake.store().touch();
    }

    // The real one now and then says it twice.
    assertThat(Set.copyOf(theirs.allEvents()))
        .isEqualTo(Set.copyOf(ours.allEvents()))
        .hasSize(news ? 1 : 0);
  }

  /** With its cache the real one goes on to serve pages of a version that etcd has forgotten. */
  @Test
  void pagesBehindACompactionAreGoneForBoth() throws Exception {
    cluster.kill();
    cluster.startAgain("--watch-cache=false");
    for (String name : List.of("a", "b", "c")) {
      put(slice(name, "10.1.0.1"));
    }
    String theirs = next(answer(cluster.calls().client(), real(slices + "?limit=1")));
    String ours = next(answer(plain, ours(slices + "?limit=1")));
    put(slice("d", "10.1.0.4"));
    assertThat(answer(cluster.calls().client(), real(slices + "?limit=2&continue=" + theirs)))
        .isEqualTo(answer(plain, ours(slices + "?limit=2&continue=" + ours)));

    cluster.calls().compact();
    fake.store().compact();

    Answer theirGone =
        answer(cluster.calls().client(), real(slices + "?limit=2&continue=" + theirs));
    Answer ourGone = answer(plain, ours(slices + "?limit=2&continue=" + ours));
    assertThat(theirGone).isEqualTo(ourGone);
    assertThat(
            answer(cluster.calls().client(), real(slices + "?limit=2&continue=" + next(theirGone))))
        .isEqualTo(answer(plain, ours(slices + "?limit=2&continue=" + next(ourGone))));
    cluster.kill();
    cluster.startAgain();
  }

  @Test
  void aWatchFromBeforeARestartIsGoneForBoth() throws Exception {
    String theirs = slices + "?watch=true&timeoutSeconds=5&resourceVersion=" + realNow();
    String ours = slices + "?watch=true&timeoutSeconds=5&resourceVersion=" + fake.store().version();
    put(slice("a", "10.1.0.1"));

    cluster.kill();
    cluster.startAgain();
    fake.restart();

    assertThat(watchReal(theirs).allEvents())
        .isEqualTo(watchFake(ours).allEvents())
        .singleElement()
        .asString()
        .contains("ERROR", "Expired");
  }

  private EndpointSlice slice(String name, String... addresses) {
    return EndpointSlice.of(namespace, "orders", "orders-" + name)
        .withPorts(GRPC)
        .withAddresses(addresses);
  }

  private void put(EndpointSlice slice) throws Exception {
    cluster.calls().put(slice);
    fake.store().put(slice);
  }

  private void bothSay(String path) throws Exception {
    assertThat(answer(cluster.calls().client(), real(path)))
        .as(path)
        .isEqualTo(answer(plain, ours(path)));
  }

  private String realNow() throws Exception {
    Answer list = answer(cluster.calls().client(), real(slices));
    return list.text.replaceAll("(?s).*?\"resourceVersion\":\"(\\d+)\".*", "$1");
  }

  private static String next(Answer page) {
    return page.text.replaceAll("(?s).*?\"continue\":\"([^\"]+)\".*", "$1");
  }

  private static HttpRequest real(String path) {
    return real(path, RealCluster.ADMIN_TOKEN);
  }

  private static HttpRequest real(String path, String token) {
    return cluster.calls().request(path, token).build();
  }

  private HttpRequest ours(String path) {
    return ours(path, "any");
  }

  private HttpRequest ours(String path, String token) {
    return HttpRequest.newBuilder(URI.create(fake.url() + path))
        .timeout(PATIENCE)
        .header("Authorization", "Bearer " + token)
        .build();
  }

  private static Answer answer(HttpClient client, HttpRequest request) throws Exception {
    HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
    return new Answer(
        response.statusCode(),
        response.headers().firstValue("Content-Type").orElse(""),
        response.headers().firstValue("Retry-After").orElse(""),
        told(response.body()),
        response.body());
  }

  private Watched watchReal(String path) throws Exception {
    return watch(cluster.calls().client(), real(path));
  }

  private Watched watchFake(String path) throws Exception {
    return watch(plain, ours(path));
  }

  private static Watched watch(HttpClient client, HttpRequest request) throws Exception {
    HttpResponse<Stream<String>> response = client.send(request, BodyHandlers.ofLines());
    assertThat(response.statusCode()).isEqualTo(200);
    Watched watched = new Watched();
    watched.ended = CompletableFuture.runAsync(() -> response.body().forEach(watched::add));
    return watched;
  }

  /** What JSON says, without what is each server's own. */
  private static Object told(String json) {
    if (!json.startsWith("{")) {
      return json;
    }
    return withoutOwn(new Yaml(new SafeConstructor(new LoaderOptions())).load(json));
  }

  private static Object withoutOwn(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> copy = new TreeMap<>();
      map.forEach(
          (key, inner) ->
              copy.put(
                  key.toString(),
                  OWN.contains(key.toString()) ? "own" : String.valueOf(withoutOwn(inner))));
      return copy;
    }
    if (value instanceof List<?> list) {
      return list.stream().map(RealAndFakeApiServerIT::withoutOwn).toList();
    }
    return value instanceof String text ? text.replaceAll("\\d{2,}", "N") : value;
  }

  /**
   * An answer; its text is not compared.
   *
   * @param told what the text says
   */
  private record Answer(int code, String type, String retryAfter, Object told, String text) {
    Object field(String name) {
      return told instanceof Map<?, ?> map && map.get(name) != null ? map.get(name) : "";
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Answer that && toString().equals(that.toString());
    }

    @Override
    public int hashCode() {
      return toString().hashCode();
    }

    @Override
    public String toString() {
      return code + " " + type + " " + retryAfter + " " + told;
    }
  }

  /** The events of a watch, as they come. */
  private static final class Watched {
    private final List<Object> events = new ArrayList<>();
    private CompletableFuture<Void> ended = new CompletableFuture<>();

    synchronized void add(String line) {
      events.add(told(line));
    }

    synchronized List<Object> soFar() {
      return List.copyOf(events);
    }

    List<Object> events(int count) {
      await().atMost(PATIENCE).until(() -> soFar().size() >= count);
      return soFar();
    }

    List<Object> allEvents() throws Exception {
      ended.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return soFar();
    }
  }
}
