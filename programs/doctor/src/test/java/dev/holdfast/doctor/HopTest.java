package dev.holdfast.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.doctor.Hop.Kind;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each map is what that version wrote when it was asked. */
class HopTest {
  @Test
  void whoeverSaysItsNameInAHeaderIsSure() {
    Hop nginx = Hop.of(Map.of(3, 128L, 4, 65_536L, 5, 16_777_215L), "nginx/1.22.1", "", "");
    assertThat(nginx).isEqualTo(new Hop(Kind.NGINX, true, "server: nginx/1.22.1"));
  }

  @Test
  void nginxIsGuessedWhereItsHeaderWasTakenAway() {
    assertThat(kind(Map.of(3, 128L, 4, 65_536L, 5, 16_777_215L))).isEqualTo(Kind.NGINX);
  }

  @Test
  void haproxyWritesNoHeaderAndIsGuessed() {
    assertThat(kind(Map.of(8, 1L, 3, 100L))).isEqualTo(Kind.HAPROXY);
    assertThat(kind(Map.of(3, 100L))).isEqualTo(Kind.UNKNOWN);
  }

  @Test
  void serversOfGrpcAreGuessed() {
    assertThat(kind(Map.of(4, 4_194_304L, 5, 4_194_304L, 6, 16_384L, 0xfe03, 1L)))
        .isEqualTo(Kind.GRPC_CORE);
    assertThat(kind(Map.of(5, 16_384L))).isEqualTo(Kind.GRPC_GO);
  }

  private static Kind kind(Map<Integer, Long> settings) {
    Hop guess = Hop.of(settings, "", "", "");
    assertThat(guess.sure()).isFalse();
    return guess.kind();
  }
}
