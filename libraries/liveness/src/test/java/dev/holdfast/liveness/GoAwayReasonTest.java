package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.CloseReason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said in a GOAWAY has one meaning at both ends. */
class GoAwayReasonTest {
  private final GoAwayReason here = new GoAwayReason();
  private final GoAwayReason there = new GoAwayReason();

  @ParameterizedTest
  @CsvSource({
    "app_requested, DRAINING",
    "graceful_stop, DRAINING",
    "max_age, MAX_AGE",
    "max_idle, MAX_IDLE",
    "too_many_pings, TOO_MANY_PINGS",
    "HF-405 The peer answered no probe (10.0.0.1:80), PEER_SILENT",
    "HF-406, PEER_STUCK"
  })
  void bothEndsReadTheSameReason(String text, CloseReason why) {
    say(text);
    assertThat(here.orElse(CloseReason.CLOSED_HERE)).isEqualTo(why);
    assertThat(there.orElse(CloseReason.CLOSED_BY_PEER)).isEqualTo(why);
  }

  @ParameterizedTest
  @CsvSource({"''", "bye", "max_age_of_a_proxy", "too_many_pings_", "HF-999 unheard of"})
  void wordsThatNobodyKnowsNameNothing(String text) {
    say(text);
    assertThat(there.isGoAwayReceived()).isTrue();
    assertThat(here.orElse(CloseReason.CLOSED_HERE)).isEqualTo(CloseReason.CLOSED_HERE);
    assertThat(there.orElse(CloseReason.CLOSED_BY_PEER)).isEqualTo(CloseReason.CLOSED_BY_PEER);
  }

  @Test
  void whoIsGivenUpWhileItDrainsIsToldSoAndWhatGrpcSaysAfterwardsChangesNothing() {
    say("app_requested");
    here.onLocalClose(CloseReason.PEER_STUCK);
    say("HF-406 stuck");
    here.onGoAwaySent(0, 0, bytes("app_requested"));
    assertThat(here.orElse(CloseReason.CLOSED_HERE)).isEqualTo(CloseReason.PEER_STUCK);
    assertThat(there.orElse(CloseReason.CLOSED_BY_PEER)).isEqualTo(CloseReason.PEER_STUCK);
  }

  @Test
  void callsAreToldWhereGrpcWouldNotNameTheCode() {
    assertThat(there.isUntold(0)).as("no word").isTrue();
    say("bye");
    assertThat(there.isUntold(1)).as("gRPC tells what was said").isFalse();
    say("max_age");
    assertThat(there.isUntold(1)).isTrue();
    assertThat(there.isUntold(0)).as("nobody to tell").isFalse();
  }

  private void say(String text) {
    here.onGoAwaySent(0, 0, bytes(text));
    there.onGoAwayReceived(bytes(text));
  }

  private static ByteBuf bytes(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
  }
}
