package dev.holdfast.gateway.frontend.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.gateway.call.UpstreamCall;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AggregatedBodyTest {
  private static final int SPARE = 65_536;

  private final AggregatedBody body = new AggregatedBody();

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1_000, 16_384, 300_000, UpstreamCall.MESSAGE_BYTES})
  void piecesOfAnySizeBecomeTheWholeAndTakeLittleMoreThanTheirBytes(int piece) {
    byte[] sent = new byte[UpstreamCall.MESSAGE_BYTES];
    new Random(piece).nextBytes(sent);
    for (int at = 0; at < sent.length; at += piece) {
      int length = Math.min(piece, sent.length - at);
      body.add(sent, at, length);
      assertThat(body.heldBytes())
          .isLessThanOrEqualTo(Math.min(2L * body.size(), body.size() + SPARE) + 1_024);
    }
    body.end();
    assertThat(body.size()).isEqualTo(sent.length);
    assertThat(Arrays.equals(Arrays.copyOf(body.bytes(), body.size()), sent)).isTrue();
  }

  @Test
  void moreCanComeAfterALook() {
    body.add(new byte[] {1, 2}, 0, 2);
    body.add(new byte[] {3}, 0, 1);
    assertThat(Arrays.copyOf(body.bytes(), body.size())).containsExactly(1, 2, 3);
    body.add(new byte[] {9, 4, 9}, 1, 1);
    assertThat(Arrays.copyOf(body.bytes(), body.size())).containsExactly(1, 2, 3, 4);
  }

  @Test
  void withoutPiecesItIsEmpty() {
    body.end();
    assertThat(body.bytes()).isEmpty();
    assertThat(body.size()).isZero();
  }

  @Test
  void aBodyThatIsTooLongIsRefusedBeforeItIsKept() {
    body.add(new byte[UpstreamCall.MESSAGE_BYTES], 0, UpstreamCall.MESSAGE_BYTES);
    assertThatThrownBy(() -> body.add(new byte[1], 0, 1))
        .isInstanceOf(RequestRefusedException.class);
  }
}
