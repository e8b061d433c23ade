package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.PathProfile;
import dev.holdfast.liveness.KeepaliveFinding;
import dev.holdfast.liveness.KeepaliveFinding.Code;
import dev.holdfast.liveness.LivenessOptions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class OwnKeepaliveTest {
  private final OwnKeepalive keepalive = new OwnKeepalive();

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
    assertThat(codes(PathProfile.LAN)).contains(Code.PING_TOO_OFTEN, Code.TIMEOUT_SHORT);
  }

  @Test
  void aHopThatAnswersPingsItselfNeedsMessagesWithinStreams() {
    assertThat(codes(PathProfile.NGINX)).contains(Code.STREAM_NEEDS_HEARTBEAT);
  }

  @Test
  void keepaliveThatIsSwitchedOffIsNone() {
    keepalive.time(Duration.ofDays(1_000_000));
    assertThat(codes(PathProfile.LAN)).isEmpty();
    keepalive.time(Duration.ZERO);
    keepalive.timeout(Duration.ZERO);
    assertThat(codes(PathProfile.LAN)).isEmpty();
  }

  private List<Code> codes(PathProfile path) {
    keepalive.path(path.idleTimeout());
    return keepalive.findings(LivenessOptions.of(path)).stream()
        .map(KeepaliveFinding::code)
        .toList();
  }
}
