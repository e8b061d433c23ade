package dev.holdfast.inprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.inprocess.greet.HelloReply;
import dev.holdfast.inprocess.greet.HelloRequest;
import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class InProcessTest {
  private InProcessRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = new InProcessRig();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void annotatedPathsAndPlainOnesReachTheHandlerOnAThreadOfItsOwn() throws Exception {
    HttpResponse<String> annotated = rig.get("/v1/hello/ada?padding=2");
    assertThat(annotated.statusCode()).isEqualTo(200);
    assertThat(annotated.body()).isEqualTo("{\"text\":\"hello adaxx\",\"number\":\"1\"}");
    assertThat(rig.post("SayHello", "{\"name\": \"bob\"}").body()).contains("hello bob");
    assertThat(rig.greetings.thread).isEqualTo("holdfast-inprocess");
    assertThat(rig.greetings.client).startsWith("/127.0.0.1");
  }

  /** An interceptor of the builder is nowhere public, and it may be the one that guards. */
  @Test
  void interceptorsOfTheServerAreMet() throws Exception {
    String path = "/v1/hello/ada";
    HttpResponse<String> unauthenticated =
        rig.send(
            java.net.http.HttpRequest.newBuilder(
                java.net.URI.create("http://127.0.0.1:" + rig.http.address().getPort() + path)));
    assertThat(unauthenticated.statusCode()).isEqualTo(401);
    assertThat(unauthenticated.body()).contains("who are you?");
    assertThat(rig.get(path).statusCode()).isEqualTo(200);
  }

  @Test
  void pagesOfOtherOriginsMayNotPost() throws Exception {
    String own = "http://127.0.0.1:" + rig.http.address().getPort();
    for (String origin : new String[] {own, "https://evil.example"}) {
      HttpResponse<String> answer =
          rig.send(
              rig.request("/test.inprocess.Greeter/SayHello")
                  .header("origin", origin)
                  .POST(BodyPublishers.ofString("{\"name\":\"ada\"}")));
      assertThat(answer.statusCode()).as(origin).isEqualTo(origin.equals(own) ? 200 : 403);
    }
  }

  @Test
  void metadataGoesBothWaysBinaryToo() throws Exception {
    String trace = Base64.getEncoder().withoutPadding().encodeToString(new byte[] {0, 1, -1, 9});
    HttpResponse<String> answer =
        rig.send(rig.request("/v1/hello/ada").header("x-trace-bin", trace));
    assertThat(answer.headers().firstValue("x-token"))
        .hasValue("me of 127.0.0.1:" + rig.http.address().getPort());
    assertThat(answer.headers().firstValue("x-trace-bin")).hasValue(trace);
    assertThat(answer.headers().firstValue("trailer-x-age")).hasValue("7");
    HttpResponse<String> garbage =
        rig.send(rig.request("/v1/hello/ada").header("x-trace-bin", "?!"));
    assertThat(garbage.statusCode()).isEqualTo(400);
    assertThat(garbage.body()).contains("x-trace-bin");
  }

  @Test
  void failuresHaveTheirHttpStatusAndDetails() throws Exception {
    HttpResponse<String> answer = rig.get("/v1/hello/nobody");
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("nobody is not there", "ErrorInfo", "GONE");
  }

  @Test
  void whatAHandlerThrowsIsNotTold() throws Exception {
    HttpResponse<String> answer = rig.get("/v1/hello/bug");
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).contains("Application error").doesNotContain("secret");
    assertThat(rig.get("/v1/hello/twice").statusCode()).isEqualTo(500);
  }

  @Test
  void serverStreamsAreLines() throws Exception {
    HttpResponse<String> answer = rig.post("SayMany", "{\"name\":\"a\",\"count\":3}");
    assertThat(answer.body().lines())
        .containsExactly(
            "{\"text\":\"hello a\",\"number\":\"1\"}",
            "{\"text\":\"hello a\",\"number\":\"2\"}",
            "{\"text\":\"hello a\",\"number\":\"3\"}");
  }

  @Test
  void clientStreamsAndBothWaysAreTakenMessageByMessage() throws Exception {
    String lines = "{\"name\":\"a\"}\n{\"name\":\"b\"}\n";
    assertThat(rig.post("Collect", lines, "application/x-ndjson").body()).contains("\"a b\"");
    assertThat(rig.post("Chat", lines, "application/x-ndjson").body().lines())
        .hasSize(2)
        .allMatch(line -> line.contains("hello "));
  }

  @Test
  void aHandlerIsHeldBackByAClientThatDoesNotRead() throws Exception {
    int count = 120;
    HttpResponse<InputStream> answer =
        rig.open(
            rig.request("/test.inprocess.Greeter/SayMany")
                .header("content-type", "application/json")
                .POST(
                    BodyPublishers.ofString(
                        "{\"name\":\"a\",\"padding\":100000,\"count\":" + count + "}")));
    await().atMost(InProcessRig.PATIENCE).until(() -> rig.greetings.sent.get() > 1);
    try (InputStream body = answer.body()) {
      // All of it together is 12 MB, of which sockets, client and we keep a few.
      assertThat(rig.greetings.sent.get()).isLessThan(count);
      long lines = new String(body.readAllBytes(), StandardCharsets.UTF_8).lines().count();
      assertThat(lines).isEqualTo(count);
    }
  }

  @Test
  void aDeadlineEndsTheCallAndTheHandlersContext() throws Exception {
    HttpResponse<String> answer =
        rig.send(rig.request("/v1/hello/sleeper").header("grpc-timeout", "50m"));
    assertThat(answer.statusCode()).isEqualTo(504);
    assertThat(answer.body()).contains("deadline of 0.05s exceeded");
    Context context = cancelled();
    assertThat(context.getDeadline()).isNotNull();
    // It may end the call as it likes now: nobody hears it.
    rig.greetings.held.get(1, TimeUnit.MINUTES).onError(new IllegalStateException("too late"));
    assertThat(rig.send(rig.request("/v1/hello/a").header("grpc-timeout", "0S")).statusCode())
        .isEqualTo(504);
  }

  @Test
  void aClientThatLeavesCancelsTheCall() throws Exception {
    InetSocketAddress address = rig.http.address();
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      String head = "GET /v1/hello/sleeper HTTP/1.1\r\nhost: x\r\nx-token: me\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      rig.greetings.held.get(1, TimeUnit.MINUTES);
    }
    assertThat(cancelled().isCancelled()).isTrue();
  }

  @Test
  void anAnswerFromAnyThreadArrives() throws Exception {
    CompletableFuture<HttpResponse<String>> answer = CompletableFuture.supplyAsync(this::sleeper);
    StreamObserver<HelloReply> held = rig.greetings.held.get(1, TimeUnit.MINUTES);
    held.onNext(Greetings.reply(HelloRequest.newBuilder().setName("late").build(), 3));
    held.onCompleted();
    assertThat(answer.get(1, TimeUnit.MINUTES).body()).contains("hello late");
  }

  @Test
  void gRpcWebAndConnectAreServedToo() throws Exception {
    byte[] message = HelloRequest.newBuilder().setName("ada").build().toByteArray();
    byte[] frame =
        ByteBuffer.allocate(5 + message.length).putInt(1, message.length).put(5, message).array();
    HttpResponse<byte[]> web =
        rig.sendForBytes(
            rig.request("/test.inprocess.Greeter/SayHello")
                .header("content-type", "application/grpc-web+proto")
                .POST(BodyPublishers.ofByteArray(frame)));
    byte[] reply = Greetings.reply(HelloRequest.parseFrom(message), 1).toByteArray();
    assertThat(web.body()).startsWith(0, 0, 0, 0, reply.length).containsSequence(reply);
    assertThat(new String(web.body(), StandardCharsets.UTF_8)).contains("grpc-status: 0");
    HttpResponse<byte[]> connect =
        rig.sendForBytes(
            rig.request("/test.inprocess.Greeter/SayHello")
                .header("content-type", "application/proto")
                .header("connect-protocol-version", "1")
                .POST(BodyPublishers.ofByteArray(message)));
    assertThat(connect.body()).isEqualTo(reply);
  }

  @Test
  void whatIsNotServedIsSaid() throws Exception {
    assertThat(rig.get("/v2/nothing").statusCode()).isEqualTo(404);
    HttpResponse<String> badBody = rig.post("SayHello", "{\"nmae\": \"bob\"}");
    assertThat(badBody.statusCode()).isEqualTo(400);
    assertThat(badBody.body()).contains("nmae");
  }

  private Context cancelled() throws Exception {
    return rig.greetings.cancelled.get(1, TimeUnit.MINUTES);
  }

  private HttpResponse<String> sleeper() {
    try {
      return rig.get("/v1/hello/sleeper");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
