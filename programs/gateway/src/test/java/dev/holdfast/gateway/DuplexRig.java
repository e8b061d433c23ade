package dev.holdfast.gateway;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.streams.grpc.ServerStreams;
import io.grpc.InsecureServerCredentials;
import io.micrometer.core.instrument.Counter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A gateway whose only route has resumable streams, and instances of a service with sessions. */
final class DuplexRig implements AutoCloseable {
  private static final byte[] KEY =
      "a key of all the instances of it".getBytes(StandardCharsets.UTF_8);

  final CountingGreetings service = new CountingGreetings();
  final GatewayRig rig = new GatewayRig();

  DuplexRig() {
    rig.closing(service);
    terms(RouteOptions.DEFAULT);
  }

  /** Gateways have these options, with streams that can be resumed. */
  void terms(RouteOptions options) {
    rig.terms(options.withResume(ResumableRig.policy(Duration.ofMinutes(2), 1_048_576, 1_000)));
  }

  /** Gateways keep streams without a reader for so long, and so many bytes of each. */
  void keeping(Duration ttl, int bufferBytes) {
    rig.terms(RouteOptions.DEFAULT.withResume(ResumableRig.policy(ttl, bufferBytes, 1_000)));
  }

  /** Starts an instance of the service. */
  HoldfastServer serve() throws IOException {
    return serve(FreePort.find());
  }

  /** Starts an instance of the service at a port. */
  HoldfastServer serve(int port) throws IOException {
    ServerStreams streams = rig.closing(ServerStreams.builder().tokenKey(KEY).build());
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                InsecureServerCredentials.create())
            .advertise("127.0.0.1")
            .drain(DrainOptions.DEFAULT.withGrace(Duration.ofSeconds(10)))
            .addService(streams.resumable(service))
            .build()
            .start();
    rig.closing(server::shutdownNow);
    return server;
  }

  static String endpoint(HoldfastServer server) {
    return "127.0.0.1:" + server.getPort();
  }

  Gateway gateway(String... endpoints) throws IOException {
    return FrontendRig.open(rig, FrontendRig.KNOWN, endpoints);
  }

  /** Drains an instance, until it has ended. */
  static void drain(HoldfastServer server) throws InterruptedException {
    server.shutdown();
    if (!server.awaitTermination(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the instance did not end");
    }
  }

  /** A reader of a counting stream, whose response has begun. */
  static EventReader read(Gateway gateway, String lastId) throws Exception {
    return EventReader.begin(gateway.address(), ResumableRig.MANY, lastId)
        .get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** The number of sessions with services of which this was counted. */
  int counted(String event) {
    Counter counter =
        rig.meters.find("holdfast.gateway.resume.upstream").tag("event", event).counter();
    return counter == null ? 0 : (int) counter.count();
  }

  @Override
  public void close() {
    rig.close();
  }
}
