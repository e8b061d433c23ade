package dev.holdfast.gateway.duplex;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.streams.session.ClientSession.Peer;
import dev.holdfast.streams.session.MethodKind;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class UpstreamSessionsTest {
  private static final long NOW = System.nanoTime();

  private final UpstreamSessions sessions = new UpstreamSessions();

  @Test
  void serviceIsAskedUntilItHasAnswered() {
    assertThat(sessions.expected("a", MethodKind.BIDIRECTIONAL, NOW)).isEqualTo(Peer.UNKNOWN);
    sessions.onAnswer("a", true, NOW);
    assertThat(sessions.expected("a", MethodKind.BIDIRECTIONAL, NOW)).isEqualTo(Peer.HOLDFAST);
    assertThat(sessions.expected("b", MethodKind.BIDIRECTIONAL, NOW)).isEqualTo(Peer.UNKNOWN);
  }

  @Test
  void bidirectionalServiceWithoutSessionsIsAskedAgainAfterAMinute() {
    sessions.onAnswer("a", false, NOW);
    long within = NOW + UpstreamSessions.PLAIN_FOR.toNanos() - 1;
    assertThat(sessions.expected("a", MethodKind.BIDIRECTIONAL, within)).isEqualTo(Peer.PLAIN);
    assertThat(sessions.expected("a", MethodKind.BIDIRECTIONAL, within + 1))
        .isEqualTo(Peer.UNKNOWN);
  }

  @Test
  void serverStreamingServiceIsAskedWithEachStreamAsThatCostsNothing() {
    sessions.onAnswer("a", false, NOW);
    assertThat(sessions.expected("a", MethodKind.SERVER_STREAMING, NOW))
        .isEqualTo(Peer.LIKELY_PLAIN);
  }

  @Test
  void tooManyMethodsAreForgotten() {
    for (int i = 0; i <= UpstreamSessions.MAX_METHODS; i++) {
      sessions.onAnswer("m" + i, true, NOW);
    }
    assertThat(sessions.expected("m0", MethodKind.BIDIRECTIONAL, NOW)).isEqualTo(Peer.UNKNOWN);
    assertThat(sessions.expected("m10000", MethodKind.BIDIRECTIONAL, NOW)).isEqualTo(Peer.HOLDFAST);
  }

  @Test
  void sessionsOfARouteShareTheBytesThatItKeeps() {
    Route route = new Route("r", "c", RouteOptions.DEFAULT);
    ResumePolicy small = policy(8_192);
    assertThat(sessions.budget(route, small).limitBytes()).isEqualTo(8_192);
    assertThat(sessions.budget(route, small)).isSameAs(sessions.budget(route, small));
    assertThat(sessions.budget(route, policy(16_384)).limitBytes()).isEqualTo(16_384);
  }

  private static ResumePolicy policy(int totalBytes) {
    return new ResumePolicy(Duration.ofMinutes(2), 4_096, 1, totalBytes, List.of(), true);
  }
}
