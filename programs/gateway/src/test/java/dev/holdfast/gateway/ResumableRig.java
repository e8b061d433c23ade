package dev.holdfast.gateway;

import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.RouteOptions;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A gateway whose only route has resumable streams, and a service that says what it is told. */
final class ResumableRig implements AutoCloseable {
  static final String MANY = "/v1/hello/x:many";
  static final String CHAT = "/test.greet.Greeter/Chat";

  final PushedGreetings service = new PushedGreetings();
  final GatewayRig rig = new GatewayRig();
  final Gateway gateway;

  ResumableRig() throws IOException {
    this(policy(ResumePolicy.DEFAULT.ttl(), 1_048_576, 1_000), 2);
  }

  ResumableRig(ResumePolicy policy, int threads) throws IOException {
    rig.terms(RouteOptions.DEFAULT.withResume(policy)).threads(threads);
    gateway = FrontendRig.open(rig, FrontendRig.KNOWN, rig.serve(service));
  }

  static ResumePolicy policy(Duration ttl, int bufferBytes, int sessions) {
    return new ResumePolicy(
        ttl, bufferBytes, sessions, 67_108_864, List.of("authorization", "cookie:sid"), true);
  }

  /** A reader whose response has begun. */
  EventReader read(String lastId, String... headers) throws Exception {
    return opening(lastId, headers).get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** A reader whose response waits for the first message. */
  CompletableFuture<EventReader> opening(String lastId, String... headers) {
    return EventReader.begin(gateway.address(), MANY, lastId, headers);
  }

  /** A stream that has begun with some replies, which its reader has not read. */
  Begun begun(int replies, String... headers) throws Exception {
    CompletableFuture<EventReader> opening = opening("", headers);
    PushedGreetings.Stream stream = service.next();
    stream.say(replies, "");
    return new Begun(stream, opening.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  /** A stream and its first reader. */
  record Begun(PushedGreetings.Stream stream, EventReader reader) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      reader.close();
    }
  }

  Socket socket() throws IOException {
    Socket socket = new Socket(gateway.address().getAddress(), gateway.address().getPort());
    socket.setSoTimeout((int) Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS).toMillis());
    return socket;
  }

  double readers(String result) {
    return rig.meters
        .get("holdfast.gateway.resume.readers")
        .tag("result", result)
        .counter()
        .count();
  }

  double ended(String reason) {
    return rig.meters.get("holdfast.gateway.resume.ended").tag("reason", reason).counter().count();
  }

  double gauge(String name) {
    return rig.meters.get("holdfast.gateway.resume." + name).gauge().value();
  }

  @Override
  public void close() {
    rig.close();
  }
}
