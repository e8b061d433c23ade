package dev.holdfast.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A server's limit of resets before it accepts the streams is not reached. */
class UnacceptedResetsTest {
  private final UnacceptedResets resets = new UnacceptedResets();

  @Test
  void aBatchEndsWithOneSettingsFrame() {
    for (int i = 1; i < UnacceptedResets.MAX; i++) {
      assertThat(resets.onReset()).isFalse();
      assertThat(resets.isFull()).isFalse();
    }
    assertThat(resets.onReset()).isTrue();
    assertThat(resets.isFull()).isTrue();
    assertThat(resets.onReset()).as("one beyond the limit").isFalse();
    assertThat(resets.isFull()).isTrue();
  }

  @Test
  void theInitialAcknowledgementProvesNothing() {
    fill();
    assertThat(resets.onSettingsAck()).isFalse();
    assertThat(resets.isFull()).isTrue();
    assertThat(resets.onSettingsAck()).isTrue();
  }

  @Test
  void anAcknowledgedBatchIsFollowedByAnotherAfterThePause() {
    assertThat(resets.onSettingsAck()).isFalse();
    for (int batch = 0; batch < 3; batch++) {
      fill();
      assertThat(resets.onSettingsAck()).isTrue();
      assertThat(resets.isFull()).as("until the pause is over").isTrue();
      resets.startBatch();
      assertThat(resets.isFull()).isFalse();
    }
  }

  @Test
  void anAcknowledgementWithoutAFullBatchIsIgnored() {
    assertThat(resets.onSettingsAck()).isFalse();
    assertThat(resets.onSettingsAck()).isFalse();
    resets.onReset();
    assertThat(resets.onSettingsAck()).isFalse();
  }

  private void fill() {
    for (int i = 0; i < UnacceptedResets.MAX; i++) {
      resets.onReset();
    }
  }
}
