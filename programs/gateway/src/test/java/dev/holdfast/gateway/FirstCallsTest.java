package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.frontend.ClusterTranscoders;
import dev.holdfast.gateway.greet.GreetProto;
import dev.holdfast.gateway.schema.ReflectedSchema;
import dev.holdfast.gateway.schema.ServiceSchema;
import dev.holdfast.transcoding.http.HttpTranscoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls that come before the server has said for the first time what it offers. */
@SuppressWarnings("NullAway.Init") // each test opens what it needs
class FirstCallsTest {
  private static final String CLUSTER = "clusters: {greet: {endpoints: [ENDPOINT]}}\n";
  private static final String ROUTE = "routes: [{cluster: greet}]\n";
  private static final byte[] BODY = "{\"name\":\"early\"}".getBytes(StandardCharsets.UTF_8);
  private static final ConditionFactory SOON =
      await().atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS));

  /** As {@code PendingRequest.MAX_REQUESTS}, which is nobody's business. */
  private static final int MOST = 1_000;

  private static final int STREAMS = 128;

  @TempDir private Path folder;
  private final CompletableFuture<ServiceSchema> schema = new CompletableFuture<>();
  private final AtomicInteger asked = new AtomicInteger();
  private FileRig file;

  @AfterEach
  void close() {
    if (file != null) {
      file.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "application/json, , ''",
    "application/json, 1, ''",
    "application/json, , 'routes: [{cluster: greet}]'",
    "application/json, 1, 'routes: [{cluster: greet}]'",
  })
  void theyWaitForItWithTheirBodies(String type, String connect, String routes) throws Exception {
    open(CLUSTER + routes + "\n");
    RawPeer client = file.rig.client(file.gateway);
    Http2Headers headers = RawPeer.call("/test.greet.Greeter/SayHello").set("content-type", type);
    if (connect != null) {
      headers.set("connect-protocol-version", connect);
    }
    client.headers(3, headers, false);
    client.data(3, BODY, true);
    client.headers(5, json("/v1/hello/b").method("GET"), true);
    assertWaits(client);
    CompletableFuture<HttpResponse<String>> old =
        CompletableFuture.supplyAsync(() -> http1("/v1/hello", "{\"name\":\"c\"}"));

    answer();
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("200");
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("200");
    assertThat(old.get().body()).contains("hello c");
    assertThat(file.greetings.calls).hasValue(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ROUTE})
  void whenItCanNotBeHadTheyAreToldWhy(String routes) throws Exception {
    open(CLUSTER + routes);
    RawPeer client = file.rig.client(file.gateway);
    client.headers(3, json("/v1/hello"), false);
    assertWaits(client);
    schema.completeExceptionally(new IOException("no reflection"));
    // Without a route nobody can say any more that the path is somebody's.
    String status = routes.isEmpty() ? "404" : "503";
    assertThat(client.next("HEADERS").header(":status")).isEqualTo(status);
    assertThat(client.next("DATA").text())
        .contains(routes.isEmpty() ? "no route for" : "greet is not known", "no reflection");
    // From now on nobody waits.
    client.headers(5, json("/v1/hello"), true);
    assertThat(client.next("HEADERS").header(":status")).isEqualTo(status);
  }

  /**
   * A schema that is not there when it is asked for, and there when it is asked whether to wait.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void findTheSchemaThatComesWhileTheyAreTaken(boolean routed) throws Exception {
    CompletableFuture<HttpTranscoder> first = new CompletableFuture<>();
    ClusterTranscoders late =
        new ClusterTranscoders() {
          @Override
          public Optional<HttpTranscoder> of(Cluster cluster) {
            Optional<HttpTranscoder> before = Optional.ofNullable(first.getNow(null));
            first.complete(FrontendRig.TRANSCODER);
            return before;
          }

          @Override
          public @Nullable CompletionStage<?> awaited(Cluster cluster) {
            return first.isDone() ? null : first;
          }
        };
    try (FrontendRig frontends = new FrontendRig(late)) {
      GatewaySnapshot all = frontends.gateway.snapshot();
      if (!routed) {
        frontends.gateway.apply(new GatewaySnapshot(head -> null, all.clusters(), all.limits()));
      }
      assertThat(frontends.get("/v1/hello/x").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void theyWaitForSoLongAndAreToldWhy() throws Exception {
    open(CLUSTER + ROUTE);
    file.schemaWait = Duration.ofMillis(100);
    RawPeer client = file.rig.client(file.gateway);
    client.headers(3, json("/v1/hello"), false);
    client.data(3, BODY, true);
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("503");
    assertThat(client.next("DATA").text())
        .contains("the schema of greet is not known yet: none of its servers has answered");
    assertThat(GatewayRig.kept(file.gateway)).isZero();
  }

  @Test
  void soManyWaitAndNoMoreUntilTheirClientsLeave() throws Exception {
    open(CLUSTER + ROUTE);
    List<RawPeer> clients = new ArrayList<>();
    for (int waiting = 0; waiting < MOST; waiting += STREAMS) {
      RawPeer client = file.rig.client(file.gateway);
      for (int i = 0; i < Math.min(STREAMS, MOST - waiting); i++) {
        client.headers(3 + 2 * i, json("/v1/hello"), false);
        client.data(3 + 2 * i, BODY, false);
      }
      assertWaits(client);
      clients.add(client);
    }
    RawPeer last = file.rig.client(file.gateway);
    last.headers(3, json("/v1/hello"), false);
    assertThat(last.next("HEADERS").header(":status")).isEqualTo("503");

    clients.get(0).close();
    SOON.until(() -> GatewayRig.kept(file.gateway) <= (long) (MOST - STREAMS) * BODY.length);
    last.headers(5, json("/v1/hello"), false);
    last.data(5, BODY, true);
    assertWaits(last);
    answer();
    assertThat(last.next("HEADERS").header(":status")).isEqualTo("200");
    clients.subList(1, clients.size()).forEach(RawPeer::close);
    SOON.until(() -> GatewayRig.kept(file.gateway) == 0);
  }

  /** What is answered before a PING that came later was not kept waiting. */
  private static void assertWaits(RawPeer client) throws InterruptedException {
    client.ping(7);
    assertThat(client.next("HEADERS", "PONG").type()).isEqualTo("PONG");
  }

  private void open(String text) throws IOException {
    file =
        new FileRig(
            folder,
            (cluster, endpoint) -> {
              asked.incrementAndGet();
              return schema;
            },
            text);
    SOON.until(() -> asked.get() > 0);
  }

  private void answer() {
    ByteString greet = GreetProto.getDescriptor().toProto().toByteString();
    schema.complete(
        ServiceSchema.of(
            new ReflectedSchema(List.of("test.greet.Greeter"), List.of(greet), List.of())));
  }

  private HttpResponse<String> http1(String path, String body) {
    try {
      return file.post(path, body, "content-type", "application/json");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static Http2Headers json(String path) {
    return RawPeer.call(path).set("content-type", "application/json");
  }
}
