package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.greet.GreeterGrpc;
import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.stub.StreamObserver;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A gateway that closes, as its clients see it. */
class DrainTest {
  private static final String PATH = "/test.Echo/Talk";
  private static final String LINES = "application/x-ndjson, application/json";
  private static final Duration LONG = Duration.ofMinutes(5);

  private final GatewayRig rig = new GatewayRig();
  private final RawPeer.Upstream upstream =
      rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(100)));

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void letsOpenCallsEndAndThenCloses() throws Exception {
    Gateway gateway = gateway(new DrainTimes(LONG, LONG, LONG));
    RawPeer client = rig.client(gateway);
    client.headers(3, RawPeer.call(PATH), true);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    CompletableFuture<Void> drained = gateway.drain();
    RawPeer.Frame first = client.next("GOAWAY");
    assertThat(first.stream()).isEqualTo(Integer.MAX_VALUE);
    assertThat(first.code()).isEqualTo(Http2Error.NO_ERROR.code());
    RawPeer.Frame second = client.next("GOAWAY");
    assertThat(second.stream()).isEqualTo(3);
    assertThat(drained).isNotDone();
    server.headers(id, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
    drained.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void takesCallsThatWereOnTheirWay() throws Exception {
    Gateway gateway = gateway(new DrainTimes(LONG, LONG, LONG));
    RawPeer client = rig.client(gateway);
    client.headers(3, RawPeer.call(PATH), true);
    RawPeer server = upstream.accepted();
    server.headers(server.next("HEADERS").stream(), RawPeer.head().add("grpc-status", "0"), true);
    client.next("HEADERS");
    // Sent before the client can know; the PING is answered after it.
    client.headers(5, RawPeer.call(PATH), true);
    int id = server.next("HEADERS").stream();
    CompletableFuture<Void> drained = gateway.drain();
    client.next("GOAWAY");
    assertThat(client.next("GOAWAY").stream()).isEqualTo(5);
    server.headers(id, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
    drained.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void endsUnaryCallsBeforeStreams() throws Exception {
    Gateway gateway = gateway(new DrainTimes(LONG, Duration.ZERO, Duration.ofSeconds(2)));
    RawPeer client = rig.client(gateway);
    client.headers(3, RawPeer.call(PATH), true);
    client.headers(5, RawPeer.call(PATH), false);
    RawPeer server = upstream.accepted();
    server.next("HEADERS");
    server.next("HEADERS");
    CompletableFuture<Void> drained = gateway.drain();
    RawPeer.Frame unary = client.next("HEADERS");
    assertThat(unary.stream()).isEqualTo(3);
    assertThat(unary.header("grpc-status")).isEqualTo("14");
    assertThat(unary.header("grpc-message")).contains("the gateway is draining");
    RawPeer.Frame stream = client.next("HEADERS");
    assertThat(stream.stream()).isEqualTo(5);
    assertThat(stream.header("grpc-status")).isEqualTo("14");
    drained.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void aCallWhoseAnswerHasBegunIsAStream() throws Exception {
    Gateway gateway = gateway(new DrainTimes(LONG, Duration.ZERO, LONG));
    RawPeer client = rig.client(gateway);
    client.headers(3, RawPeer.call(PATH), true);
    RawPeer server = upstream.accepted();
    int watch = server.next("HEADERS").stream();
    server.headers(watch, RawPeer.head(), false);
    assertThat(client.next("HEADERS").stream()).isEqualTo(3);
    client.headers(5, RawPeer.call(PATH), true);
    server.next("HEADERS");
    CompletableFuture<Void> drained = gateway.drain();
    // In the order of streams: the first one would have been ended before.
    RawPeer.Frame unary = client.next("HEADERS");
    assertThat(unary.stream()).isEqualTo(5);
    assertThat(unary.header("grpc-status")).isEqualTo("14");
    server.headers(watch, RawPeer.trailers(0), true);
    RawPeer.Frame end = client.next("HEADERS");
    assertThat(end.stream()).isEqualTo(3);
    assertThat(end.header("grpc-status")).isEqualTo("0");
    drained.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void aStreamOverHttp1ThatHasBegunIsNoUnaryCall() throws Exception {
    Watched service = new Watched();
    GatewayRig frontends =
        rig.closing(new GatewayRig()).drain(new DrainTimes(LONG, Duration.ZERO, LONG));
    Gateway gateway = FrontendRig.open(frontends, FrontendRig.KNOWN, frontends.serve(service));
    try (Socket stream = asking(gateway, "/v1/hello/x:many");
        Socket unary = asking(gateway, "/v1/hello/x")) {
      BufferedReader answer =
          new BufferedReader(
              new InputStreamReader(stream.getInputStream(), StandardCharsets.UTF_8));
      StreamObserver<HelloReply> watch = service.watch.get(60, TimeUnit.SECONDS);
      watch.onNext(HelloReply.newBuilder().setText("first").build());
      assertThat(answer.lines().anyMatch(line -> line.contains("first"))).isTrue();
      service.asked.get(60, TimeUnit.SECONDS);
      CompletableFuture<Void> drained = gateway.drain();
      assertThat(new String(unary.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 503 ")
          .contains("the gateway is draining");
      watch.onNext(HelloReply.newBuilder().setText("second").build());
      watch.onCompleted();
      assertThat(answer.lines().toList().toString()).contains("second").doesNotContain("error");
      drained.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** Its answers come when a test wants, and those of one message never. */
  private static final class Watched extends GreeterGrpc.GreeterImplBase {
    private final CompletableFuture<StreamObserver<HelloReply>> watch = new CompletableFuture<>();
    private final CompletableFuture<Void> asked = new CompletableFuture<>();

    @Override
    public void sayMany(HelloRequest request, StreamObserver<HelloReply> answer) {
      watch.complete(answer);
    }

    @Override
    public void sayHello(HelloRequest request, StreamObserver<HelloReply> answer) {
      asked.complete(null);
    }
  }

  private static Socket asking(Gateway gateway, String path) throws IOException {
    Socket socket = new Socket(gateway.address().getAddress(), gateway.address().getPort());
    String head = FrontendRig.lines("GET " + path + " HTTP/1.1", "host: x", "accept: " + LINES);
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private Gateway gateway(DrainTimes times) throws Exception {
    GatewayOptions options =
        GatewayOptions.listeningAt(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .withThreads(1)
            .withLiveness(LivenessOptions.DEFAULT)
            .withDrain(times)
            .withMeters(rig.meters);
    return Gateway.open(options, rig.snapshot(upstream.address()));
  }
}
