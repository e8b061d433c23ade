package dev.holdfast.lab.kubernetes;

import static dev.holdfast.lab.kubernetes.ApiCalls.PATIENCE;
import static dev.holdfast.lab.kubernetes.ApiCalls.SLICES;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The same conversation with our API server and with fabric8's mock server: where both answer, they
 * say the same. Where they differ, the difference is named here, and what the other one can't do is
 * shown, so that this class says when it has learned it.
 */
class OtherApiServerTest {
  // Held, since loggers are forgotten; it says every request.
  private static final Logger CHATTY = Logger.getLogger(MockWebServer.class.getName());
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ORDERS = "?labelSelector=kubernetes.io%2Fservice-name%3Dorders";
  private static final String NOBODY = "?labelSelector=kubernetes.io%2Fservice-name%3Dnobody";
  private static final EndpointSlice FIRST =
      EndpointSlice.of("prod", "orders", "orders-a")
          .withPorts(SlicePort.tcp("grpc", 50051))
          .withAddresses("10.0.0.1", "10.0.0.2");
  private static final EndpointSlice SECOND = FIRST.withPorts(SlicePort.tcp("grpc", 50052));
  private static final String SECOND_PATCH =
      """
      [{"op":"replace","path":"/ports/0/port","value":50052}]
      """;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ApiServer ours = ApiServer.start();
  private KubernetesMockServer theirs;

  @BeforeEach
  void startTheOther() {
    CHATTY.setLevel(Level.WARNING);
    theirs =
        new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            new HashMap<>(),
            new KubernetesCrudDispatcher(),
            false);
    theirs.init(InetAddress.getLoopbackAddress(), 0);
  }

  @AfterEach
  void stop() {
    ours.close();
    theirs.destroy();
  }

  @Test
  void bothSayTheSameOfOneObject() throws Exception {
    create();

    assertThat(object(theirs(SLICES + "/orders-a"))).isEqualTo(object(ours(SLICES + "/orders-a")));
    change();
    assertThat(object(theirs(SLICES + "/orders-a"))).isEqualTo(object(ours(SLICES + "/orders-a")));
  }

  @Test
  void bothListTheSame() throws Exception {
    assertThat(list(theirs(SLICES))).isEqualTo(list(ours(SLICES)));
    create();

    assertThat(list(ours(SLICES)).at("/items/0/endpoints/0/addresses/0").asText())
        .isEqualTo("10.0.0.1");
    assertThat(list(theirs(SLICES))).isEqualTo(list(ours(SLICES)));
    assertThat(list(theirs(SLICES + ORDERS))).isEqualTo(list(ours(SLICES + ORDERS)));
    assertThat(list(ours(SLICES + NOBODY)).get("items")).isEmpty();
    assertThat(list(theirs(SLICES + NOBODY))).isEqualTo(list(ours(SLICES + NOBODY)));
  }

  @Test
  void bothTellTheSameOfEveryChange() throws Exception {
    create();
    ApiCalls.Watched watch = new ApiCalls(ours).watch(SLICES + ORDERS + "&watch=true");
    BlockingQueue<String> words = watchTheirs(SLICES + ORDERS + "&watch=true");
    change();
    ours.store().delete(FIRST);
    theirs("DELETE", "", null);

    for (String line : watch.await(3).subList(0, 3)) {
      String word = words.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(word).as("what the other one says for %s", line).isNotNull();
      assertThat(JSON.readTree(word).get("type")).isEqualTo(JSON.readTree(line).get("type"));
      assertThat(object(JSON.readTree(word).get("object")))
          .isEqualTo(object(JSON.readTree(line).get("object")));
    }
  }

  @Test
  void whatTheOtherOneCanNotDoOursDoes() throws Exception {
    create();
    ours.store().put(EndpointSlice.of("prod", "orders", "orders-b"));
    theirs("POST", "application/json", body(EndpointSlice.of("prod", "orders", "orders-b")));

    assertThat(get(theirsUrl() + SLICES + "?watch=true").statusCode())
        .as("a watch over plain HTTP: the other one knows WebSockets only")
        .isEqualTo(400);
    assertThat(theirs(SLICES + "?limit=1").get("items")).as("pages").hasSize(2);
    assertThat(ours(SLICES + "?limit=1").get("items")).hasSize(1);
    assertThat(ours(SLICES + "?limit=1").at("/metadata/continue").asText()).isNotEmpty();
    String ahead = SLICES + "?resourceVersion=999999&resourceVersionMatch=NotOlderThan";
    assertThat(get(theirsUrl() + ahead).statusCode()).as("versions").isEqualTo(200);
    assertThat(get(ours.url() + ahead).statusCode()).isEqualTo(504);
    assertThat(get(theirsUrl() + SLICES + "/none").body()).as("Status of a failure").isEmpty();
    assertThat(ours(SLICES + "/none").get("reason").asText()).isEqualTo("NotFound");
    assertThat(theirs(SLICES).get("kind").asText()).as("kind of a list").isEqualTo("List");
    assertThat(ours(SLICES).get("kind").asText()).isEqualTo("EndpointSliceList");
  }

  @Test
  void bothSayNotFoundWithTheSameCode() throws Exception {
    assertThat(get(theirsUrl() + SLICES + "/none").statusCode())
        .isEqualTo(get(ours.url() + SLICES + "/none").statusCode())
        .isEqualTo(404);
  }

  /** Ours takes no writes over HTTP: tests write into its store. */
  private void create() throws Exception {
    ours.store().put(FIRST);
    theirs("POST", "application/json", body(FIRST));
  }

  private void change() throws Exception {
    ours.store().put(SECOND);
    theirs("PATCH", "application/json-patch+json", SECOND_PATCH);
  }

  private static String body(EndpointSlice slice) {
    return StoredObject.created(slice, 1).alone();
  }

  private void theirs(String method, String type, @Nullable String body) throws Exception {
    URI uri = URI.create(theirsUrl() + SLICES + (method.equals("POST") ? "" : "/orders-a"));
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(PATIENCE);
    if (body == null) {
      request.method(method, BodyPublishers.noBody());
    } else {
      request.method(method, BodyPublishers.ofString(body)).header("Content-Type", type);
    }
    HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
  }

  /** Its watches; the first answer is what is there, as ours begins without a version. */
  private BlockingQueue<String> watchTheirs(String path) throws Exception {
    BlockingQueue<String> words = new LinkedBlockingQueue<>();
    StringBuilder text = new StringBuilder();
    var unused =
        client
            .newWebSocketBuilder()
            .buildAsync(
                URI.create(theirsUrl().replace("http://", "ws://") + path),
                new WebSocket.Listener() {
                  @Override
                  public @Nullable CompletionStage<?> onText(
                      WebSocket socket, CharSequence part, boolean last) {
                    text.append(part);
                    if (last) {
                      words.add(text.toString());
                      text.setLength(0);
                    }
                    socket.request(1);
                    return null;
                  }
                })
            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return words;
  }

  /** Without what is each server's own: versions, ids, times; ours also says who wrote fields. */
  private static JsonNode object(JsonNode object) {
    ObjectNode copy = object.deepCopy();
    ((ObjectNode) copy.get("metadata"))
        .remove(List.of("resourceVersion", "uid", "creationTimestamp", "managedFields"));
    return copy;
  }

  /**
   * Also without the kind, which is List for the other one; each of its elements says what it is,
   * and its lists say a link that the API has given up.
   */
  private static JsonNode list(JsonNode list) {
    assertThat(list.get("apiVersion")).isNotNull();
    assertThat(list.at("/metadata/resourceVersion").isTextual()).isTrue();
    ObjectNode copy = list.deepCopy();
    copy.remove(List.of("kind", "apiVersion"));
    ((ObjectNode) copy.get("metadata")).remove(List.of("resourceVersion", "selfLink"));
    for (int i = 0; i < copy.get("items").size(); i++) {
      ObjectNode item = (ObjectNode) object(copy.get("items").get(i));
      item.remove(List.of("kind", "apiVersion"));
      ((ArrayNode) copy.get("items")).set(i, item);
    }
    return copy;
  }

  private JsonNode ours(String path) throws Exception {
    return JSON.readTree(get(ours.url() + path).body());
  }

  private JsonNode theirs(String path) throws Exception {
    return JSON.readTree(get(theirsUrl() + path).body());
  }

  private HttpResponse<String> get(String url) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(url)).timeout(PATIENCE).build(), BodyHandlers.ofString());
  }

  private String theirsUrl() {
    return "http://127.0.0.1:" + theirs.getPort();
  }
}
