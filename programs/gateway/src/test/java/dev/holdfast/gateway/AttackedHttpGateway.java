package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.greet.GreeterGrpc;
import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.loop.LoopView;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A gateway with one thread and one endpoint, attacked over HTTP/1.1 and WebSockets, with two
 * neighbours that call the same endpoint all the time: one over gRPC, one over HTTP/1.1.
 */
final class AttackedHttpGateway implements AutoCloseable {
  final FrontendRig frontends;
  private final Transport transport;
  private final List<BackgroundCaller> neighbours = new ArrayList<>();
  private final List<Socket> attackers = new ArrayList<>();

  /** What an attacker asks for, each answered by another part of the gateway. */
  enum Ask {
    /** Nothing that is there: the gateway answers at once. */
    NONSENSE(FrontendRig.lines("G / HTTP/1.1", "host:x"), " 404 "),
    /** Of a page of another origin: the gateway answers at once. */
    PREFLIGHT(
        FrontendRig.lines(
            "OPTIONS /v1/hello HTTP/1.1",
            "host: x",
            "origin: https://shop.example",
            "access-control-request-method: POST"),
        " 204 "),
    /** A call without a body. */
    JSON(FrontendRig.lines("GET /v1/hello/x HTTP/1.1", "host: x"), " 200 "),
    /** A call with a body. */
    JSON_BODY(
        FrontendRig.lines(
                "POST /v1/hello HTTP/1.1",
                "host: x",
                "content-type: application/json",
                "content-length: 12")
            + "{\"name\":\"x\"}",
        " 200 "),
    /** A call with a body in chunks. */
    GRPC_WEB(
        FrontendRig.lines(
            "POST /test.greet.Greeter/SayHello HTTP/1.1",
            "host: x",
            "content-type: application/grpc-web+proto",
            "transfer-encoding: chunked",
            "",
            "5",
            "\0\0\0\0\0",
            "0"),
        " 200 "),
    /** The same of Connect. */
    CONNECT(
        FrontendRig.lines(
            "POST /test.greet.Greeter/SayHello HTTP/1.1",
            "host: x",
            "content-type: application/proto",
            "content-length: 0"),
        " 200 ");

    final String request;
    final String status;

    Ask(String request, String status) {
      this.request = request;
      this.status = status;
    }
  }

  AttackedHttpGateway() throws Exception {
    this(GatewayLimits.DEFAULT);
  }

  AttackedHttpGateway(GatewayLimits limits) throws Exception {
    this(limits, GatewayMemory.ofProcess());
  }

  AttackedHttpGateway(GatewayLimits limits, GatewayMemory memory) throws Exception {
    this(limits, memory, Transport.PLAINTEXT);
  }

  AttackedHttpGateway(GatewayLimits limits, Transport transport) throws Exception {
    this(limits, GatewayMemory.ofProcess(), transport);
  }

  private AttackedHttpGateway(GatewayLimits limits, GatewayMemory memory, Transport transport)
      throws Exception {
    this.transport = transport;
    frontends = new FrontendRig(FrontendRig.KNOWN, limits, memory, transport);
    GreeterGrpc.GreeterBlockingStub greeter =
        GreeterGrpc.newBlockingStub(frontends.rig.channel(frontends.gateway));
    HelloRequest request = HelloRequest.newBuilder().setName("neighbour").build();
    neighbour(
        () ->
            assertThat(
                    greeter
                        .withDeadlineAfter(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
                        .sayHello(request)
                        .getText())
                .isEqualTo("hello neighbour"));
    neighbour(
        () -> {
          HttpResponse<String> answer = frontends.get("/v1/hello/neighbour");
          assertThat(answer.statusCode()).isEqualTo(200);
          assertThat(answer.body()).contains("hello neighbour");
        });
  }

  private void neighbour(BackgroundCaller.Call call) throws Exception {
    neighbours.add(GatewayRig.patiently(frontends.gateway, () -> BackgroundCaller.of(call)));
  }

  /** The limits by default, but for the time in which what was begun is to be ended. */
  static GatewayLimits impatient(Duration handshake) {
    return new GatewayLimits(
        GatewayLimits.STREAMS,
        GatewayLimits.HEADER_LIST_BYTES,
        GatewayLimits.STREAM_WINDOW_BYTES,
        GatewayLimits.CONNECTION_BYTES,
        handshake,
        GatewayLimits.IDLE);
  }

  /** A client that has connected, and is closed with this gateway. */
  Socket attacker() throws Exception {
    Socket socket =
        GatewayRig.patiently(
            frontends.gateway, () -> transport.socket(transport.address(frontends.gateway)));
    attackers.add(socket);
    return socket;
  }

  /** One whose socket holds next to nothing of what it does not read. */
  Socket deafAttacker() throws Exception {
    Socket socket =
        GatewayRig.patiently(
            frontends.gateway,
            () -> transport.deafSocket(transport.address(frontends.gateway), ""));
    attackers.add(socket);
    return socket;
  }

  /** Calls of both neighbours are served, and none has failed so far. */
  void assertUnharmed() {
    neighbours.forEach(BackgroundCaller::assertUnharmed);
    assertThat(faults()).isZero();
  }

  /** How many connections were closed for a mistake of the gateway's own. */
  double faults() {
    return frontends.rig.meters.get("holdfast.gateway.connection.faults").counter().count();
  }

  /** Waits until the gateway has so many clients. */
  void awaitClients(int count) {
    await()
        .untilAsserted(
            () ->
                assertThat(
                        frontends.gateway.views(Duration.ofSeconds(1)).join().stream()
                            .mapToInt(LoopView::clients)
                            .sum())
                    .isEqualTo(count));
  }

  /** No client is left but the neighbours, and nothing is kept for any. */
  void assertNothingKept() throws Exception {
    for (Socket each : attackers) {
      each.close();
    }
    for (BackgroundCaller each : neighbours) {
      each.stop();
    }
    await().untilAsserted(() -> assertThat(GatewayRig.kept(frontends.gateway)).isZero());
  }

  @Override
  public void close() throws Exception {
    for (Socket each : attackers) {
      each.close();
    }
    for (BackgroundCaller each : neighbours) {
      each.close();
    }
    frontends.close();
  }
}
