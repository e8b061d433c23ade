package dev.holdfast.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.HostPort;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.PathFaults.IdleAction;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PathDoctorTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(3);
  private static final Duration MAX_WAIT = Duration.ofSeconds(6);

  @SuppressWarnings("NullAway.Init") // each test starts it first
  private Server server;

  private @Nullable Middlebox middlebox;

  @AfterEach
  void stop() {
    if (middlebox != null) {
      middlebox.close();
    }
    server.shutdownNow();
  }

  @ParameterizedTest
  @EnumSource(
      value = IdleAction.class,
      names = {"DROP", "RESET", "CLOSE"})
  void namesWhatAPathDoesToIdleConnections(IdleAction action) throws Exception {
    serve(PathDoctorTest::tolerant);
    PathReport report = examine(path(PathFaults.builder().idle(TIMEOUT, action).build()), MAX_WAIT);
    FindingCode expected =
        switch (action) {
          case DROP -> FindingCode.IDLE_DROP;
          case RESET -> FindingCode.IDLE_RESET;
          default -> FindingCode.IDLE_CLOSE;
        };
    assertThat(report.has(expected)).as(report.toString()).isTrue();
    LadderResult idle = report.idle().orElseThrow();
    assertThat(idle.aliveAt()).isLessThanOrEqualTo(TIMEOUT.plusMillis(200));
    assertThat(idle.deadAt().orElseThrow()).isGreaterThanOrEqualTo(TIMEOUT.minusMillis(100));
    assertThat(report.pings().counts()).contains(true);
    assertThat(report.advice()).isNotEmpty();
    assertThat(report.goAwaysOnUserConnections()).isZero();
  }

  @Test
  void tellsAHopThatEndsStreamsFromAPathThatForgetsConnections() throws Exception {
    serve(PathDoctorTest::tolerant);
    PathReport report =
        examine(
            path(
                PathFaults.builder()
                    .streamTimeout(TIMEOUT, PathFaults.StreamEnd.RST_STREAM)
                    .build()),
            MAX_WAIT);
    assertThat(report.findings())
        .as(report.toString())
        .filteredOn(Finding::isProblem)
        .extracting(Finding::code)
        .containsExactly(FindingCode.STREAM_TIMEOUT);
    HeldResult held = report.held().orElseThrow();
    assertThat(held.method()).contains("grpc.health.v1.Health/Watch");
    assertThat(held.heldFor()).isBetween(TIMEOUT, TIMEOUT.plusSeconds(2));
    assertThat(held.connectionLived()).isTrue();
    assertThat(held.agreed()).isTrue();
  }

  @Test
  void namesAServerThatPunishesPingsAndLosesOnlyTheLastConnectionByThat() throws Exception {
    serve(UnaryOperator.identity());
    PathReport report = examine(server.getPort(), Duration.ofSeconds(2));
    assertThat(report.has(FindingCode.PINGS_PUNISHED)).as(report.toString()).isTrue();
    assertThat(report.pings().goAway().orElseThrow().debug()).isEqualTo("too_many_pings");
    assertThat(report.goAwaysOnUserConnections()).isZero();
    assertThat(report.hasProblem()).isFalse();
    assertThat(report.contact().orElseThrow().hop().kind()).isEqualTo(Hop.Kind.GRPC_JAVA);
  }

  @Test
  void findsNothingWhereNothingIsWrong() throws Exception {
    serve(PathDoctorTest::tolerant);
    PathReport report = examine(server.getPort(), Duration.ofSeconds(2));
    assertThat(report.findings())
        .as(report.toString())
        .extracting(Finding::code)
        .containsExactly(FindingCode.NOTHING_FOUND);
  }

  private void serve(UnaryOperator<NettyServerBuilder> settings) throws IOException {
    server =
        settings
            .apply(
                NettyServerBuilder.forAddress(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
  }

  private static NettyServerBuilder tolerant(NettyServerBuilder builder) {
    return builder.permitKeepAliveTime(1, TimeUnit.MILLISECONDS).permitKeepAliveWithoutCalls(true);
  }

  private int path(PathFaults faults) {
    Middlebox started = Middlebox.toPort(server.getPort()).faults(faults).start();
    middlebox = started;
    return started.port();
  }

  private static PathReport examine(int port, Duration maxWait) throws Exception {
    DoctorOptions options =
        DoctorOptions.of(HostPort.parse("127.0.0.1:" + port)).withMaxWait(maxWait);
    try (PathDoctor doctor = new PathDoctor(options, DoctorProgress.NONE)) {
      return doctor.examine().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }
}
