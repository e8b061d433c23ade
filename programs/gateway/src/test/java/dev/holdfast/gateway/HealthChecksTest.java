package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.gateway.cluster.EndpointHealthStatus;
import dev.holdfast.gateway.health.HealthCheckOptions;
import dev.holdfast.gateway.health.HealthMethod;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Health checks of stock servers, and of ones that answer oddly. */
class HealthChecksTest {
  private static final HealthCheckOptions PATIENT =
      HealthCheckOptions.DEFAULT.withTimeout(Duration.ofSeconds(30));
  private static final HealthCheckOptions SOON =
      HealthCheckOptions.DEFAULT
          .withInterval(Duration.ofMillis(100))
          .withTimeout(Duration.ofMillis(200))
          .withThresholds(new HealthCheckOptions.Thresholds(3, 1));

  private final HealthRig rig = new HealthRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void whoDoesNotServeGetsNoNewCallsAndKeepsThoseItHas() throws Exception {
    HealthRig.Backend first = rig.backend();
    HealthRig.Backend second = rig.backend();
    second.manager.setStatus("", ServingStatus.NOT_SERVING);
    Gateway gateway = rig.gateway(PATIENT, first, second);
    ManagedChannel channel = rig.rig.channel(gateway);
    HealthRig.awaitHealth(gateway, second, EndpointHealthStatus.NOT_SERVING);
    HealthRig.awaitOnly(channel, first, second);
    Talk talk = new Talk(channel);
    talk.sayAndHear();

    second.manager.setStatus("", ServingStatus.SERVING);
    HealthRig.awaitHealth(gateway, second, EndpointHealthStatus.SERVING);
    first.manager.setStatus("", ServingStatus.NOT_SERVING);
    HealthRig.awaitHealth(gateway, first, EndpointHealthStatus.NOT_SERVING);
    HealthRig.awaitOnly(channel, second, first);
    talk.sayAndHear();
    assertThat(rig.rig.meters.get("holdfast.gateway.unhealthy").gauge().value()).isEqualTo(1);

    first.manager.setStatus("", ServingStatus.SERVING);
    HealthRig.awaitHealth(gateway, first, EndpointHealthStatus.SERVING);
    second.manager.setStatus("", ServingStatus.NOT_SERVING);
    HealthRig.awaitHealth(gateway, second, EndpointHealthStatus.NOT_SERVING);
    HealthRig.awaitOnly(channel, first, second);
    talk.sayAndHear();
    assertThat(first.watches).hasValue(1);
    assertThat(first.checks).hasValue(0);
    assertThat(first.connections).hasSize(1);
  }

  @Test
  void whenNobodyServesCallsGoToAll() throws Exception {
    HealthRig.Backend only = rig.backend();
    only.manager.setStatus("", ServingStatus.NOT_SERVING);
    Gateway gateway = rig.gateway(PATIENT, only);
    HealthRig.awaitHealth(gateway, only, EndpointHealthStatus.NOT_SERVING);

    HealthRig.call(rig.rig.channel(gateway), 3);

    assertThat(only.echo.calls).hasValue(3);
    assertThat(HealthRig.health(gateway, only).leftOut()).isTrue();
  }

  @Test
  void theServiceThatIsAskedForCounts() throws Exception {
    HealthRig.Backend server = rig.backend();
    server.manager.setStatus("orders.v1.Orders", ServingStatus.NOT_SERVING);
    Gateway gateway = rig.gateway(PATIENT.withService("orders.v1.Orders"), server);

    HealthRig.awaitHealth(gateway, server, EndpointHealthStatus.NOT_SERVING);
    assertThat(HealthRig.health(gateway, server).why()).isEqualTo("NOT_SERVING");

    server.manager.clearStatus("orders.v1.Orders");
    await()
        .atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .until(() -> HealthRig.health(gateway, server).why().equals("SERVICE_UNKNOWN"));
  }

  @Test
  void whoCannotBeWatchedIsAskedAgainAndAgainOnOneConnection() throws Exception {
    Polled polled = new Polled();
    HealthRig.Backend server = rig.backend(polled);
    Gateway gateway =
        rig.gateway(PATIENT.withInterval(Duration.ofMillis(100)), server, rig.backend());
    HealthRig.awaitHealth(gateway, server, EndpointHealthStatus.SERVING);

    polled.status = ServingStatus.NOT_SERVING;
    HealthRig.awaitHealth(gateway, server, EndpointHealthStatus.NOT_SERVING);
    polled.status = ServingStatus.SERVING;
    HealthRig.awaitHealth(gateway, server, EndpointHealthStatus.SERVING);
    assertThat(server.checks).hasValueGreaterThan(2);
    assertThat(server.connections).hasSize(1);
  }

  @Test
  void whoHasNoHealthServiceIsRegardedAsHealthy() throws Exception {
    HealthRig.Backend server = rig.backendWithoutHealth();
    Gateway gateway = rig.gateway(SOON.withTimeout(Duration.ofSeconds(30)), server);

    HealthRig.awaitHealth(gateway, server, EndpointHealthStatus.SERVING);
    HealthRig.call(rig.rig.channel(gateway), 1);

    assertThat(HealthRig.health(gateway, server).why()).isEqualTo("no health service");
    assertThat(rig.checked("unimplemented")).isEqualTo(2);
  }

  @Test
  void whoNeverAnswersIsLeftOut() throws Exception {
    HealthRig.Backend deaf = rig.backend(new Deaf());
    HealthRig.Backend good = rig.backend(new Polled());
    Gateway gateway =
        rig.gateway(
            SOON.withTimeout(Duration.ofMillis(500)).withMethod(HealthMethod.CHECK), deaf, good);
    HealthRig.awaitHealth(gateway, good, EndpointHealthStatus.SERVING);
    HealthRig.awaitHealth(gateway, deaf, EndpointHealthStatus.FAILING);

    HealthRig.awaitOnly(rig.rig.channel(gateway), good, deaf);
    assertThat(deaf.checks).hasValueGreaterThanOrEqualTo(3);
  }

  @Test
  void whoEndsTheStreamAtOnceIsNotAskedWithoutPause() throws Exception {
    long begunNanos = System.nanoTime();
    HealthRig.Backend ending = rig.backend(new Ending());
    Gateway gateway = rig.gateway(SOON.withTimeout(Duration.ofSeconds(30)), ending, rig.backend());

    HealthRig.awaitHealth(gateway, ending, EndpointHealthStatus.FAILING);

    int asked = ending.watches.get();
    long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos);
    assertThat(asked).isBetween(3, (int) (tookMillis / 90) + 1);
    assertThat(HealthRig.health(gateway, ending).why()).isEqualTo("no answer");
  }

  @Test
  void moreThanMayBeAskedAtOnceAreAllAsked() throws Exception {
    try (RefusingPort nobody = new RefusingPort()) {
      String port = nobody.toString().substring(nobody.toString().lastIndexOf(':'));
      String[] many =
          IntStream.rangeClosed(1, 240).mapToObj(i -> "127.0.0." + i + port).toArray(String[]::new);
      GatewaySnapshot plain = rig.rig.snapshot(many);
      Gateway gateway =
          rig.rig.gateway(
              new GatewaySnapshot(
                  plain.router(), plain.clusters(), plain.limits(), Map.of("echo", PATIENT)));
      await()
          .atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
          .until(() -> rig.checked("failed") >= many.length);
      assertThat(gateway.isDraining()).isFalse();
    }
  }

  @Test
  void otherSettingsCountWithoutAnotherConnection() throws Exception {
    HealthRig.Backend server = rig.backend();
    Gateway gateway = rig.gateway(PATIENT, server);
    ManagedChannel channel = rig.rig.channel(gateway);
    HealthRig.awaitHealth(gateway, server, EndpointHealthStatus.SERVING);
    Talk talk = new Talk(channel);
    talk.sayAndHear();

    server.manager.setStatus("b", ServingStatus.NOT_SERVING);
    apply(gateway, Map.of("echo", PATIENT.withService("b")));
    HealthRig.awaitHealth(gateway, server, EndpointHealthStatus.NOT_SERVING);
    apply(gateway, Map.of());
    HealthRig.awaitHealth(gateway, server, EndpointHealthStatus.UNCHECKED);
    talk.sayAndHear();
  }

  private static void apply(Gateway gateway, Map<String, HealthCheckOptions> health) {
    GatewaySnapshot now = gateway.snapshot();
    gateway.apply(new GatewaySnapshot(now.router(), now.clusters(), now.limits(), health));
  }

  /** A call that goes on. */
  private static final class Talk implements StreamObserver<byte[]> {
    private final BlockingQueue<byte[]> heard = new LinkedBlockingQueue<>();
    private final StreamObserver<byte[]> call;

    Talk(ManagedChannel channel) {
      call =
          ClientCalls.asyncBidiStreamingCall(channel.newCall(Echo.TALK, CallOptions.DEFAULT), this);
    }

    void sayAndHear() throws InterruptedException {
      call.onNext(new byte[] {7});
      assertThat(heard.poll(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS))
          .isEqualTo(new byte[] {7});
    }

    @Override
    public void onNext(byte[] message) {
      heard.add(message);
    }

    @Override
    public void onError(Throwable cause) {
      heard.add(cause.toString().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void onCompleted() {
      heard.add(new byte[0]);
    }
  }

  /** Knows no Watch. */
  private static final class Polled extends HealthGrpc.HealthImplBase {
    volatile ServingStatus status = ServingStatus.SERVING;

    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> answer) {
      answer.onNext(HealthCheckResponse.newBuilder().setStatus(status).build());
      answer.onCompleted();
    }
  }

  /** Never answers. */
  private static final class Deaf extends HealthGrpc.HealthImplBase {
    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> answer) {}
  }

  /** Ends each stream before a word. */
  private static final class Ending extends HealthGrpc.HealthImplBase {
    @Override
    public void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> answer) {
      answer.onCompleted();
    }
  }
}
