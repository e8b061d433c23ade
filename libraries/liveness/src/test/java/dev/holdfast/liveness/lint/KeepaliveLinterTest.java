package dev.holdfast.liveness.lint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.PathProfile;
import dev.holdfast.liveness.lint.KeepaliveFinding.KeepaliveFindingCode;
import dev.holdfast.liveness.lint.KeepaliveSettings.GrpcLibrary;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules of keepalive, each with a pair that breaks it and one that keeps it. */
class KeepaliveLinterTest {
  private static final KeepaliveSettings CLIENT = KeepaliveSettings.client(GrpcLibrary.JAVA);
  private static final KeepaliveSettings SERVER = KeepaliveSettings.server(GrpcLibrary.JAVA);

  @Test
  void defaultsAreRightWhereNothingIsInBetween() {
    assertThat(codes(CLIENT, SERVER, PathProfile.LAN)).isEmpty();
  }

  @Test
  void pingsFasterThanThePermitEndInTooManyPings() {
    KeepaliveSettings eager = CLIENT.withTime(Duration.ofSeconds(10));
    List<KeepaliveFinding> found = KeepaliveLinter.lint(eager, SERVER, PathProfile.LAN);
    assertThat(found)
        .extracting(KeepaliveFinding::toString)
        .containsExactly(
            "KL-01 The client pings after 10s, the server permits one per 5m and closes at the"
                + " third strike with too_many_pings. Fix: server: permit 9s or less; or client:"
                + " time 330s or more");
    assertThat(codes(eager, SERVER.withPermit(Duration.ofSeconds(9), false), PathProfile.LAN))
        .isEmpty();
    assertThat(codes(eager, SERVER.withPermit(Duration.ofSeconds(10), false), PathProfile.LAN))
        .as("just the permit is too close")
        .containsExactly(KeepaliveFindingCode.PING_TOO_OFTEN);
  }

  @Test
  void pingsWithoutCallsNeedThePermit() {
    KeepaliveSettings pinging = CLIENT.withTime(Duration.ofMinutes(6)).withoutCalls(true);
    assertThat(codes(pinging, SERVER, PathProfile.LAN))
        .containsExactly(KeepaliveFindingCode.PING_WITHOUT_CALLS);
    assertThat(codes(pinging, SERVER.withPermit(Duration.ofMinutes(5), true), PathProfile.LAN))
        .isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"NODE", "DOTNET", "RUST_TONIC"})
  void serversThatDoNotPunishPermitEverything(GrpcLibrary grpcLibrary) {
    KeepaliveSettings eager = CLIENT.withTime(Duration.ofSeconds(10)).withoutCalls(true);
    assertThat(codes(eager, KeepaliveSettings.server(grpcLibrary), PathProfile.SWARM)).isEmpty();
  }

  @Test
  void theFirstCallAfterAQuietQuarterOfAnHourIsForeseen() {
    assertThat(codes(CLIENT, SERVER, PathProfile.SWARM))
        .containsExactly(KeepaliveFindingCode.PATH_IDLES_OUT);
    assertThat(codes(CLIENT, SERVER.withTime(Duration.ofSeconds(800)), PathProfile.SWARM))
        .as("the field note's fix is just not enough of a margin")
        .contains(KeepaliveFindingCode.PATH_IDLES_OUT);
    assertThat(codes(CLIENT, SERVER.withTime(Duration.ofMinutes(10)), PathProfile.SWARM)).isEmpty();
  }

  @Test
  void pingsOnlyDuringCallsLeaveTheConnectionToThePathInBetween() {
    KeepaliveSettings duringCalls = CLIENT.withTime(Duration.ofMinutes(6));
    assertThat(codes(duringCalls, SERVER, PathProfile.SWARM))
        .containsExactly(KeepaliveFindingCode.IDLE_BETWEEN_CALLS);
    assertThat(codes(duringCalls, SERVER, PathProfile.FIREWALL))
        .as("idle mode closes the channel first")
        .isEmpty();
  }

  @Test
  void aPathShorterThanThePermitIsTheServersToMend() {
    List<KeepaliveFinding> found = KeepaliveLinter.lint(CLIENT, SERVER, PathProfile.AZURE);
    assertThat(found)
        .extracting(KeepaliveFinding::code)
        .containsExactly(KeepaliveFindingCode.PATH_IDLES_OUT, KeepaliveFindingCode.PERMIT_TOO_LONG);
    assertThat(found.get(0).fix())
        .isEqualTo(
            "server: keepalive time 192s; or TCP keepalive after 192s on the sockets of either end,"
                + " where no hop ends TCP");
    assertThat(found.get(1).fix()).isEqualTo("server: keepalive time 192s, or permit 174s or less");
  }

  @Test
  void theKernelsProbesOfEitherEndKeepAPathOfPackets() {
    Duration just = Duration.ofSeconds(192);
    assertThat(codes(CLIENT.withTcpKeepalive(just), SERVER, PathProfile.AZURE)).isEmpty();
    assertThat(codes(CLIENT, SERVER.withTcpKeepalive(just), PathProfile.AZURE)).isEmpty();
    KeepaliveSettings duringCalls = CLIENT.withTime(Duration.ofMinutes(6));
    assertThat(codes(duringCalls.withTcpKeepalive(just), SERVER, PathProfile.SWARM)).isEmpty();
  }

  @Test
  void theKernelsProbesNeedAMarginToo() {
    KeepaliveSettings late = CLIENT.withTcpKeepalive(Duration.ofSeconds(230));
    assertThat(codes(late, SERVER, PathProfile.AZURE))
        .containsExactly(KeepaliveFindingCode.PATH_IDLES_OUT, KeepaliveFindingCode.PERMIT_TOO_LONG);
  }

  @ParameterizedTest
  @EnumSource(names = {"ALB", "NGINX", "ENVOY", "HAPROXY", "CLOUDFLARE"})
  void theKernelsProbesEndAtAHopThatEndsTcp(PathProfile path) {
    Duration often = Duration.ofSeconds(5);
    assertThat(codes(CLIENT.withTcpKeepalive(often), SERVER.withTcpKeepalive(often), path))
        .containsExactly(KeepaliveFindingCode.STREAM_NEEDS_HEARTBEAT);
  }

  @Test
  void theKernelsProbesForgiveNoPingThatAServerPunishes() {
    KeepaliveSettings eager = CLIENT.withTime(Duration.ofSeconds(10));
    Duration often = Duration.ofSeconds(5);
    assertThat(codes(eager.withTcpKeepalive(often), SERVER, PathProfile.AZURE))
        .containsExactly(KeepaliveFindingCode.PING_TOO_OFTEN);
  }

  @ParameterizedTest
  @EnumSource(names = {"ALB", "NGINX", "ENVOY", "HAPROXY", "CLOUDFLARE"})
  void aHopThatAnswersPingsNeedsTrafficInTheStream(PathProfile path) {
    assertThat(codes(CLIENT, SERVER, path))
        .containsExactly(KeepaliveFindingCode.STREAM_NEEDS_HEARTBEAT);
  }

  @Test
  void coreStopsPingingUnlessTold() {
    KeepaliveSettings python =
        KeepaliveSettings.client(GrpcLibrary.C_CORE).withTime(Duration.ofMinutes(6));
    assertThat(codes(python, SERVER, PathProfile.LAN))
        .containsExactly(KeepaliveFindingCode.C_CORE_THROTTLE);
    assertThat(codes(python.withPingLimit(false), SERVER, PathProfile.LAN)).isEmpty();
  }

  @Test
  void timesBelowTheFloorAndShortTimeoutsAreNamed() {
    KeepaliveSettings hasty =
        CLIENT.withTime(Duration.ofSeconds(5)).withTimeout(Duration.ofSeconds(5));
    assertThat(codes(hasty, SERVER.withPermit(Duration.ofSeconds(1), true), PathProfile.LAN))
        .containsExactly(KeepaliveFindingCode.BELOW_FLOOR, KeepaliveFindingCode.TIMEOUT_SHORT);
  }

  @Test
  void aServersTimeHasAFloorToo() {
    KeepaliveSettings hasty = SERVER.withTime(Duration.ofSeconds(3));
    assertThat(KeepaliveLinter.lint(CLIENT, hasty, PathProfile.LAN))
        .extracting(KeepaliveFinding::toString)
        .containsExactly(
            "KL-09 The server's library raises a time of 3s to 10s without a word. Fix: server:"
                + " time 10s or more");
    KeepaliveSettings go = KeepaliveSettings.server(GrpcLibrary.GO);
    assertThat(codes(CLIENT, go.withTime(Duration.ofSeconds(3)), PathProfile.LAN)).isEmpty();
    assertThat(codes(CLIENT, go.withTime(Duration.ofMillis(300)), PathProfile.LAN))
        .containsExactly(KeepaliveFindingCode.BELOW_FLOOR);
    KeepaliveSettings core = KeepaliveSettings.server(GrpcLibrary.C_CORE);
    assertThat(codes(CLIENT, core.withTime(Duration.ofMillis(300)), PathProfile.LAN)).isEmpty();
  }

  @Test
  void whatALibraryRaisesCountsAsRaised() {
    Optional<Duration> eight = Optional.of(Duration.ofSeconds(8));
    List<KeepaliveFinding> found =
        KeepaliveLinter.lint(
            CLIENT, SERVER.withTime(Duration.ofSeconds(3)), eight, PathProfile.Layer.PACKETS);
    assertThat(found)
        .extracting(KeepaliveFinding::code)
        .containsExactly(KeepaliveFindingCode.PATH_IDLES_OUT, KeepaliveFindingCode.BELOW_FLOOR);
    assertThat(found.get(0).fix()).startsWith("TCP keepalive after 6s on the sockets");
    assertThat(
            KeepaliveLinter.lint(
                CLIENT,
                KeepaliveSettings.server(GrpcLibrary.GO).withTime(Duration.ofSeconds(3)),
                eight,
                PathProfile.Layer.PACKETS))
        .isEmpty();
    KeepaliveSettings hasty = CLIENT.withTime(Duration.ofSeconds(3));
    assertThat(codes(hasty, SERVER.withPermit(Duration.ofSeconds(9), false), PathProfile.LAN))
        .as("it pings every 10 s")
        .containsExactly(KeepaliveFindingCode.BELOW_FLOOR);
  }

  @Test
  void holdfastOnEitherSideKeepsAPathOfPackets() {
    KeepaliveSettings ours = KeepaliveSettings.client(GrpcLibrary.HOLDFAST);
    for (PathProfile path : List.of(PathProfile.SWARM, PathProfile.AZURE, PathProfile.MOBILE)) {
      assertThat(codes(ours, SERVER, path)).isEmpty();
      assertThat(codes(CLIENT, KeepaliveSettings.server(GrpcLibrary.HOLDFAST), path)).isEmpty();
    }
  }

  @Test
  void settingsThatCanNotBeSayWhatWasExpected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CLIENT.withTime(Duration.ZERO))
        .withMessage("time: PT0S (expected: > 0)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SERVER.withPermit(Duration.ofSeconds(-1), false))
        .withMessage("permit: PT-1S (expected: >= 0)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CLIENT.withTcpKeepalive(Duration.ofMillis(999)))
        .withMessage("tcpKeepalive: PT0.999S (expected: >= 1s)");
  }

  @Test
  void codesAreUnique() {
    assertThat(KeepaliveFindingCode.values())
        .extracting(KeepaliveFindingCode::text)
        .doesNotHaveDuplicates();
  }

  private static List<KeepaliveFindingCode> codes(
      KeepaliveSettings client, KeepaliveSettings server, PathProfile path) {
    return KeepaliveLinter.lint(client, server, path).stream().map(KeepaliveFinding::code).toList();
  }
}
