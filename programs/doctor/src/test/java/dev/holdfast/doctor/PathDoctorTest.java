package dev.holdfast.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.HostPort;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.PathFaults.CountedTraffic;
import dev.holdfast.lab.PathFaults.IdleAction;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Execution(ExecutionMode.CONCURRENT)
class PathDoctorTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(3);
  private static final Duration MAX_WAIT = Duration.ofSeconds(6);

  /** The lab checks idle connections ten times per timeout. */
  private static final Duration LAB_IS_LATE_BY = Duration.ofMillis(500);

  /**
   * What the hop saw last was still to reach us: its time began before ours, and long before where
   * the machine is busy.
   */
  private static final Duration ON_THE_WAY = Duration.ofMillis(900);

  @ParameterizedTest
  @EnumSource(
      value = IdleAction.class,
      names = {"DROP", "RESET", "CLOSE"})
  void namesWhatAPathDoesToIdleConnections(IdleAction action) throws Exception {
    FindingCode expected =
        switch (action) {
          case DROP -> FindingCode.IDLE_DROP;
          case RESET -> FindingCode.IDLE_RESET;
          default -> FindingCode.IDLE_CLOSE;
        };
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      PathReport report = examine(server, PathFaults.builder().idle(TIMEOUT, action).build());
      assertThat(problems(report)).as(report.toString()).containsExactly(expected);
      IdleTimeoutResult idle = report.idle().orElseThrow();
      assertThat(idle.aliveAt()).isLessThanOrEqualTo(TIMEOUT.plus(LAB_IS_LATE_BY));
      assertThat(idle.deadAt().orElseThrow()).isGreaterThanOrEqualTo(TIMEOUT.minus(ON_THE_WAY));
      assertThat(report.pings().counts()).contains(true);
      assertThat(report.advice()).isNotEmpty();
      assertThat(report.goAwaysOnUserConnections()).isZero();
    }
  }

  @Test
  void tellsPacketsThatVanishFromAHopThatAcknowledgesThem() throws Exception {
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      PathReport report =
          examine(server, PathFaults.builder().idle(TIMEOUT, IdleAction.DROP).build());
      assertThat(report.connections())
          .filteredOn(one -> one.ending().filter(DisconnectKind.SILENCE::equals).isPresent())
          .filteredOn(one -> one.role() == ConnectionEvidence.ProbeConnectionRole.IDLE_SEARCH)
          .isNotEmpty()
          .allSatisfy(
              one -> {
                assertThat(one.pingAnswered()).contains(false);
                assertThat(one.acknowledged().orElse(false)).isFalse();
              });
    }
  }

  @Test
  void tellsAHopThatEndsStreamsFromAPathThatForgetsConnections() throws Exception {
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      PathReport report =
          examine(
              server,
              PathFaults.builder().streamTimeout(TIMEOUT, PathFaults.StreamEnd.RST_STREAM).build());
      assertThat(problems(report))
          .as(report.toString())
          .containsExactly(FindingCode.STREAM_TIMEOUT);
      IdleStreamResult held = report.held().orElseThrow();
      assertThat(held.method()).contains("grpc.health.v1.Health/Watch");
      assertThat(held.heldFor()).isBetween(TIMEOUT.minus(ON_THE_WAY), TIMEOUT.plusSeconds(15));
      assertThat(held.connectionLived()).isTrue();
      assertThat(held.endedAtSameAge()).isTrue();
    }
  }

  @Test
  void saysThatPingsDoNotCountWhereAHopCountsRequests() throws Exception {
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      PathReport report =
          examine(
              server,
              PathFaults.builder().idle(TIMEOUT, IdleAction.GOAWAY, CountedTraffic.HTTP).build());
      assertThat(report.has(FindingCode.IDLE_GOAWAY)).as(report.toString()).isTrue();
      assertThat(report.idle().orElseThrow().outcome())
          .isEqualTo(IdleTimeoutResult.IdleTimeoutOutcome.ENDED);
      assertThat(report.pings().counts()).contains(false);
      assertThat(report.has(FindingCode.PINGS_DO_NOT_COUNT)).isTrue();
      assertThat(report.advice())
          .isNotEmpty()
          .allMatch(advice -> advice.purpose().startsWith("first calls only"));
    }
  }

  @Test
  void aConnectionThatEndsOnceIsNoProofThatPingsDoNotCount() throws Exception {
    PathFaults usual = PathFaults.builder().idle(TIMEOUT, IdleAction.RESET).build();
    PathFaults sooner = PathFaults.builder().idle(TIMEOUT.dividedBy(4), IdleAction.RESET).build();
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      int port = server.behind(usual);
      DoctorProgress progress =
          new DoctorProgress() {
            @Override
            public void onStep(String line) {
              // As if the PINGs of the first connection came too late.
              if (line.startsWith("does a PING count")) {
                server.faults(sooner);
              } else if (line.endsWith("once more")) {
                server.faults(usual);
              }
            }
          };
      PathReport report =
          ExaminedServer.examine(
              DoctorOptions.of(HostPort.parse("127.0.0.1:" + port)).withMaxWait(MAX_WAIT),
              progress);
      assertThat(report.pings().counts()).as(report.toString()).contains(true);
      assertThat(report.connections())
          .filteredOn(one -> one.role() == ConnectionEvidence.ProbeConnectionRole.PING_COUNTS)
          .hasSizeGreaterThan(1);
    }
  }

  @Test
  void namesAHopThatAnswersPingsForADeadServer() throws Exception {
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      PathReport report =
          examine(server, PathFaults.builder().halfOpenAfter(TIMEOUT).answersPings(true).build());
      assertThat(report.has(FindingCode.HOP_ANSWERS_ALONE)).as(report.toString()).isTrue();
    }
  }

  @Test
  void namesAServerThatPunishesPingsAndLosesOnlyTheLastConnectionByThat() throws Exception {
    try (ExaminedServer server = ExaminedServer.with(UnaryOperator.identity())) {
      PathReport report = ExaminedServer.examine(server.port(), Duration.ofSeconds(2));
      assertThat(report.has(FindingCode.PINGS_PUNISHED)).as(report.toString()).isTrue();
      assertThat(report.pings().goAway().orElseThrow().debug()).isEqualTo("too_many_pings");
      assertThat(report.goAwaysOnUserConnections()).isZero();
      assertThat(report.hasProblem()).isFalse();
      assertThat(report.peer().orElseThrow().implementation().kind())
          .isEqualTo(PeerImplementation.PeerImplementationKind.GRPC_JAVA);
    }
  }

  @Test
  void findsNothingWhereNothingIsWrong() throws Exception {
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      PathReport report = ExaminedServer.examine(server.port(), Duration.ofSeconds(2));
      assertThat(report.findings())
          .as(report.toString())
          .extracting(Finding::code)
          .containsExactly(FindingCode.NOTHING_FOUND);
    }
  }

  @Test
  void whoDoesNotWantToWaitGetsWhatIsKnown() throws Exception {
    try (ExaminedServer server = ExaminedServer.tolerant()) {
      DoctorOptions options = DoctorOptions.of(HostPort.parse("127.0.0.1:" + server.port()));
      CompletableFuture<String> twoSeconds = new CompletableFuture<>();
      DoctorProgress progress =
          new DoctorProgress() {
            @Override
            public void onStep(String line) {
              // After the step of a second: a busy machine waits for 2.1 s, and says so.
              if (line.startsWith("idle for ") && !line.startsWith("idle for 1")) {
                twoSeconds.complete(line);
              }
            }
          };
      try (PathDoctor doctor = new PathDoctor(options, progress)) {
        CompletableFuture<PathReport> report = doctor.examine().toCompletableFuture();
        assertThat(twoSeconds.get(120, TimeUnit.SECONDS)).contains("alive");
        doctor.stop();
        assertThat(report.get(60, TimeUnit.SECONDS).idle().orElseThrow().aliveAt())
            .isGreaterThanOrEqualTo(Duration.ofSeconds(2));
      }
    }
  }

  private static PathReport examine(ExaminedServer server, PathFaults faults) throws Exception {
    return ExaminedServer.examine(server.behind(faults), MAX_WAIT);
  }

  private static List<FindingCode> problems(PathReport report) {
    return report.findings().stream().filter(Finding::isProblem).map(Finding::code).toList();
  }
}
