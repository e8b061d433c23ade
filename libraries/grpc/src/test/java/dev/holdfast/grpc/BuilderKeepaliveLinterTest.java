package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.PathProfile;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.lint.KeepaliveFinding;
import dev.holdfast.liveness.lint.KeepaliveFinding.KeepaliveFindingCode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class BuilderKeepaliveLinterTest {
  private final BuilderKeepaliveLinter keepalive =
      new BuilderKeepaliveLinter(ConnectionRole.CLIENT);
  private final BuilderKeepaliveLinter ofServer = new BuilderKeepaliveLinter(ConnectionRole.SERVER);

  @Test
  void aChannelWithoutItIsFineOnEveryPathOfPackets() {
    for (PathProfile path : PathProfile.values()) {
      if (path.layer() == PathProfile.Layer.PACKETS) {
        assertThat(codes(path)).isEmpty();
      }
    }
  }

  @Test
  void pingsThatAServerPunishesAreFound() {
    keepalive.time(Duration.ofSeconds(60));
    keepalive.timeout(Duration.ofSeconds(5));
    assertThat(codes(PathProfile.LAN))
        .contains(KeepaliveFindingCode.PING_TOO_OFTEN, KeepaliveFindingCode.TIMEOUT_SHORT);
  }

  @Test
  void aHopThatAnswersPingsItselfNeedsMessagesWithinStreams() {
    assertThat(codes(PathProfile.NGINX)).contains(KeepaliveFindingCode.STREAM_NEEDS_HEARTBEAT);
  }

  @Test
  void keepaliveThatIsSwitchedOffIsNone() {
    keepalive.time(Duration.ofDays(1_000_000));
    assertThat(codes(PathProfile.LAN)).isEmpty();
    keepalive.time(Duration.ZERO);
    keepalive.timeout(Duration.ZERO);
    assertThat(codes(PathProfile.LAN)).isEmpty();
  }

  @Test
  void aServerWithoutItIsFineOnEveryPathOfPackets() {
    for (PathProfile path : PathProfile.values()) {
      if (path.layer() == PathProfile.Layer.PACKETS) {
        assertThat(codes(ofServer, path)).isEmpty();
      }
    }
    assertThat(codes(ofServer, PathProfile.NGINX))
        .containsExactly(KeepaliveFindingCode.STREAM_NEEDS_HEARTBEAT);
  }

  @Test
  void theKernelsProbesThatAreReallySetKeepAPathOfPacketsOpen() {
    keepalive.time(Duration.ofMinutes(6));
    assertThat(codes(PathProfile.AZURE)).isEmpty();
    keepalive.path(PathProfile.AZURE.idleTimeout());
    assertThat(codes(keepalive.findings(probingEvery(Duration.ofMinutes(10)))))
        .containsExactly(KeepaliveFindingCode.PATH_IDLES_OUT, KeepaliveFindingCode.PERMIT_TOO_LONG);
    ofServer.path(PathProfile.AZURE.idleTimeout());
    assertThat(codes(ofServer.findings(probingEvery(Duration.ofMinutes(10)))))
        .containsExactly(KeepaliveFindingCode.PATH_IDLES_OUT, KeepaliveFindingCode.PERMIT_TOO_LONG);
    assertThat(codes(ofServer.findings(probingEvery(Duration.ofMinutes(3))))).isEmpty();
  }

  @Test
  void aServersTimesThatAreRaisedOrKillAreFound() {
    ofServer.time(Duration.ofSeconds(3));
    ofServer.timeout(Duration.ofSeconds(5));
    assertThat(codes(ofServer, PathProfile.LAN))
        .containsExactly(KeepaliveFindingCode.BELOW_FLOOR, KeepaliveFindingCode.TIMEOUT_SHORT);
    ofServer.time(Duration.ofDays(1_000_000));
    ofServer.timeout(Duration.ZERO);
    assertThat(codes(ofServer, PathProfile.LAN)).isEmpty();
  }

  private List<KeepaliveFindingCode> codes(PathProfile path) {
    return codes(keepalive, path);
  }

  private static List<KeepaliveFindingCode> codes(
      BuilderKeepaliveLinter keepalive, PathProfile path) {
    keepalive.path(path.idleTimeout());
    return codes(keepalive.findings(LivenessOptions.of(path)));
  }

  private static List<KeepaliveFindingCode> codes(List<KeepaliveFinding> findings) {
    return findings.stream().map(KeepaliveFinding::code).toList();
  }

  /** PINGs and the kernel's probes alike. */
  private static LivenessOptions probingEvery(Duration idle) {
    LivenessOptions.TcpOptions tcp = LivenessOptions.DEFAULT.tcp();
    return LivenessOptions.DEFAULT
        .withProbing(idle, LivenessOptions.DEFAULT.spacing())
        .withTcp(
            new LivenessOptions.TcpOptions(
                idle, tcp.keepInterval(), tcp.keepCount(), tcp.userTimeout()));
  }
}
