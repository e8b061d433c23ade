package dev.holdfast.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.holdfast.doctor.ConnectionEvidence.ProbeConnectionRole;
import dev.holdfast.doctor.IdleTimeoutResult.IdleTimeoutOutcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DiagnosisTest {
  private static final PeerInfo CONTACT =
      new PeerInfo(
          "192.0.2.1 port 443",
          false,
          "",
          "",
          Map.of(),
          "gRPC status 0",
          "",
          "",
          Duration.ofMillis(1),
          Duration.ofMillis(1),
          Duration.ofMillis(2),
          new PeerImplementation(PeerImplementation.PeerImplementationKind.UNKNOWN, false, ""));

  @Test
  void namesTheKnownPathsWhoseTimeoutFits() {
    List<Finding> findings =
        Diagnosis.of(forgotten(300, 364, DisconnectKind.RESET, punished(true)));
    assertThat(findings.get(0).code()).isEqualTo(FindingCode.IDLE_RESET);
    assertThat(findings.get(0).measured()).contains("AWS NAT gateway");
  }

  @Test
  void aStrictServerOnAShortPathNeedsItsOwnPingsOrAPermit() {
    Measurements seen = forgotten(300, 364, DisconnectKind.RESET, punished(true));
    assertThat(Diagnosis.of(seen))
        .extracting(Finding::code)
        .contains(FindingCode.PERMIT_TOO_LONG, FindingCode.PINGS_PUNISHED);
    assertThat(Diagnosis.advice(seen))
        .extracting(Advice::setting)
        .contains(
            "NettyServerBuilder .keepAliveTime(135, SECONDS).keepAliveTimeout(20, SECONDS)",
            ".permitKeepAliveTime(112, SECONDS).permitKeepAliveWithoutCalls(true)",
            "grpc.WithIdleTimeout(240 * time.Second)");
  }

  @Test
  void aServerThatTakesPingsNeedsNoPermit() {
    assertThat(Diagnosis.advice(forgotten(300, 364, DisconnectKind.SILENCE, punished(false))))
        .extracting(Advice::setting)
        .noneMatch(setting -> setting.contains("permitKeepAliveTime"));
  }

  @Test
  void noClientIsToldToPingBelowItsFloorAndNoJavaServerEither() {
    List<Advice> advice = Diagnosis.advice(forgotten(5, 6, DisconnectKind.SILENCE, punished(true)));
    assertThat(advice)
        .filteredOn(one -> one.side().equals("client") && !one.library().equals("Holdfast"))
        .allMatch(one -> one.purpose().startsWith("first calls only"));
    assertThat(advice)
        .filteredOn(one -> one.library().equals("grpc-java") && one.side().equals("server"))
        .singleElement()
        .satisfies(one -> assertThat(one.setting()).contains("TCP_KEEPIDLE, 2"));
  }

  @Test
  void wherePingsDoNotCountNobodyIsToldThatTheyHoldStreams() {
    PingResult notCounted = PingResult.UNKNOWN.withCounts(Optional.of(false), "");
    List<Advice> advice = Diagnosis.advice(forgotten(300, 364, DisconnectKind.RESET, notCounted));
    assertThat(advice).allMatch(one -> one.purpose().startsWith("first calls only"));
    assertThat(advice)
        .filteredOn(one -> one.library().equals("Holdfast"))
        .singleElement()
        .satisfies(
            one ->
                assertThat(one.setting())
                    .isEqualTo(
                        "HoldfastChannelBuilder .liveness(LivenessOptions.ofPathIdleTimeout("
                            + "Duration.ofSeconds(300)).withPingsEndAtHop(true))"));
  }

  @Test
  void aHopThatEndsStreamsIsAnsweredByMessagesAndItsOwnDirective() {
    IdleStreamResult held =
        new IdleStreamResult(
            Optional.of("grpc.health.v1.Health/Watch"),
            Duration.ofSeconds(60),
            true,
            "RST_STREAM",
            true,
            true);
    List<Advice> advice =
        Diagnosis.advice(measured(PeerImplementation.PeerImplementationKind.NGINX, held));
    assertThat(advice).allMatch(one -> one.purpose().equals("held streams"));
    assertThat(advice)
        .extracting(Advice::library, Advice::setting)
        .contains(
            tuple(
                "Holdfast",
                "ClientStreams.builder().options(SessionOptions.DEFAULT.withTiming("
                    + "SessionOptions.Timing.DEFAULT.withHeartbeat("
                    + "Duration.ofSeconds(27), Duration.ofSeconds(81), Duration.ofSeconds(243))))"),
            tuple("nginx", "grpc_read_timeout 1h; grpc_send_timeout 1h; (now 1m)"),
            tuple(
                "every other library",
                "no library setting does it: send application messages on the stream at least"
                    + " every 27s"));
  }

  @Test
  void aRenewedConnectionIsNotTakenForAnIdleTimeout() {
    IdleTimeoutResult ended = idle(IdleTimeoutOutcome.ENDED, 200, 300, DisconnectKind.GOAWAY);
    ConnectionEvidence told =
        evidence(
            Optional.of(new ReceivedGoAway(0, "max_age")), Optional.empty(), Optional.empty(), 0);
    Finding finding = Diagnosis.of(measured(ended, PingResult.UNKNOWN, List.of(told))).get(0);
    assertThat(finding.code()).isEqualTo(FindingCode.IDLE_GOAWAY);
    assertThat(finding.isProblem()).isFalse();
    assertThat(finding.remedy()).startsWith("nothing");
  }

  @Test
  void acknowledgementsTellAHopThatEndsTcpFromPacketsThatVanish() {
    IdleTimeoutResult idle = idle(IdleTimeoutOutcome.FORGOTTEN, 50, 60, DisconnectKind.SILENCE);
    ConnectionEvidence acked = evidence(Optional.empty(), Optional.of(true), Optional.of(true), 0);
    List<Finding> findings = Diagnosis.of(measured(idle, PingResult.UNKNOWN, List.of(acked)));
    assertThat(findings.get(0).measured()).contains("something on the way ends TCP");
    assertThat(findings).extracting(Finding::code).contains(FindingCode.HOP_ANSWERS_ALONE);
  }

  @Test
  void saysThatTheServerKeepsThePathOpenByItsOwnPings() {
    IdleTimeoutResult kept =
        new IdleTimeoutResult(
            IdleTimeoutOutcome.KEPT,
            Duration.ofMinutes(20),
            Optional.empty(),
            Optional.empty(),
            20,
            0,
            0,
            Duration.ofMinutes(20));
    ConnectionEvidence pinged = evidence(Optional.empty(), Optional.empty(), Optional.empty(), 3);
    assertThat(Diagnosis.of(measured(kept, PingResult.UNKNOWN, List.of(pinged))))
        .extracting(Finding::code)
        .containsExactly(FindingCode.NOTHING_FOUND, FindingCode.PEER_PINGS);
  }

  @ParameterizedTest
  @EnumSource(ConnectionProblem.class)
  void everyWayInWhichHttp2DoesNotComeAboutIsAProblemWithARemedy(ConnectionProblem problem) {
    Measurements seen =
        new Measurements(
            false,
            Optional.of(problem),
            "",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            PingResult.UNKNOWN,
            List.of(),
            List.of());
    assertThat(Diagnosis.of(seen))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.isProblem()).isTrue();
              assertThat(finding.remedy()).isNotEmpty();
            });
  }

  @Test
  void aCheckThatCrashedIsAFindingBesideWhatTheOthersFound() {
    Measurements seen =
        new Measurements(
            false,
            Optional.empty(),
            "",
            Optional.of(CONTACT),
            Optional.of(idle(IdleTimeoutOutcome.FORGOTTEN, 50, 60, DisconnectKind.RESET)),
            Optional.empty(),
            PingResult.UNKNOWN,
            List.of(),
            List.of("the check \"x\" failed"));
    assertThat(Diagnosis.of(seen))
        .extracting(Finding::code)
        .containsExactlyInAnyOrder(FindingCode.IDLE_RESET, FindingCode.CHECK_FAILED);
  }

  private static Measurements forgotten(
      long aliveSeconds, long deadSeconds, DisconnectKind disconnectKind, PingResult pings) {
    return measured(
        idle(IdleTimeoutOutcome.FORGOTTEN, aliveSeconds, deadSeconds, disconnectKind),
        pings,
        List.of());
  }

  private static Measurements measured(
      IdleTimeoutResult idle, PingResult pings, List<ConnectionEvidence> connections) {
    return new Measurements(
        false,
        Optional.empty(),
        "",
        Optional.of(CONTACT),
        Optional.of(idle),
        Optional.empty(),
        pings,
        connections,
        List.of());
  }

  private static Measurements measured(
      PeerImplementation.PeerImplementationKind hop, IdleStreamResult held) {
    PeerInfo peerInfo =
        new PeerInfo(
            CONTACT.address(),
            false,
            "",
            "",
            Map.of(),
            "gRPC status 0",
            "",
            "",
            Duration.ofMillis(1),
            Duration.ofMillis(1),
            Duration.ofMillis(2),
            new PeerImplementation(hop, true, ""));
    return new Measurements(
        false,
        Optional.empty(),
        "",
        Optional.of(peerInfo),
        Optional.empty(),
        Optional.of(held),
        PingResult.UNKNOWN,
        List.of(),
        List.of());
  }

  private static PingResult punished(boolean punished) {
    return PingResult.UNKNOWN
        .withCounts(Optional.of(true), "")
        .withPunished(punished, 3, 3, Optional.empty());
  }

  private static IdleTimeoutResult idle(
      IdleTimeoutOutcome idleTimeoutOutcome,
      long aliveSeconds,
      long deadSeconds,
      DisconnectKind disconnectKind) {
    return new IdleTimeoutResult(
        idleTimeoutOutcome,
        Duration.ofSeconds(aliveSeconds),
        Optional.of(Duration.ofSeconds(deadSeconds)),
        Optional.of(disconnectKind),
        12,
        0,
        0,
        Duration.ofSeconds(deadSeconds));
  }

  private static ConnectionEvidence evidence(
      Optional<ReceivedGoAway> receivedGoAway,
      Optional<Boolean> acked,
      Optional<Boolean> ping,
      int pings) {
    return new ConnectionEvidence(
        ProbeConnectionRole.IDLE_SEARCH,
        Duration.ofSeconds(60),
        Optional.empty(),
        receivedGoAway,
        acked,
        ping,
        pings);
  }
}
