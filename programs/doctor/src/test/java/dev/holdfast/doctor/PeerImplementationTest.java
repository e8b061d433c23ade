package dev.holdfast.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.doctor.PeerImplementation.PeerImplementationKind;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each map is what that version wrote when it was asked. */
class PeerImplementationTest {
  @Test
  void whoeverSaysItsNameInAHeaderIsSure() {
    PeerImplementation nginx =
        PeerImplementation.of(Map.of(3, 128L, 4, 65_536L, 5, 16_777_215L), "nginx/1.22.1", "", "");
    assertThat(nginx)
        .isEqualTo(
            new PeerImplementation(PeerImplementationKind.NGINX, true, "server: nginx/1.22.1"));
  }

  @Test
  void nginxIsGuessedWhereItsHeaderWasTakenAway() {
    assertThat(kind(Map.of(3, 128L, 4, 65_536L, 5, 16_777_215L)))
        .isEqualTo(PeerImplementationKind.NGINX);
  }

  @Test
  void haproxyWritesNoHeaderAndIsGuessed() {
    assertThat(kind(Map.of(8, 1L, 3, 100L))).isEqualTo(PeerImplementationKind.HAPROXY);
    assertThat(kind(Map.of(3, 100L))).isEqualTo(PeerImplementationKind.UNKNOWN);
  }

  @Test
  void serversOfGrpcAreGuessed() {
    assertThat(kind(Map.of(4, 4_194_304L, 5, 4_194_304L, 6, 16_384L, 0xfe03, 1L)))
        .isEqualTo(PeerImplementationKind.GRPC_CORE);
    assertThat(kind(Map.of(5, 16_384L))).isEqualTo(PeerImplementationKind.GRPC_GO);
  }

  private static PeerImplementationKind kind(Map<Integer, Long> settings) {
    PeerImplementation guess = PeerImplementation.of(settings, "", "", "");
    assertThat(guess.conclusive()).isFalse();
    return guess.kind();
  }
}
