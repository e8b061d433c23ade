package dev.holdfast.gateway.http1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The time that what a client begins may take, in virtual time. */
class RequestTimersTest {
  private static final long NEARLY = GatewayLimits.HANDSHAKE.toMillis() - 1;

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private int slow;
  private final RequestTimers timers =
      new RequestTimers(channel.eventLoop(), GatewayLimits.DEFAULT, () -> slow++, () -> {});
  private final PacedInput input =
      new PacedInput(
          channel,
          new PacedInput.PartConsumer() {
            @Override
            public boolean acceptsPart() {
              return true;
            }

            @Override
            public void updateAutoRead() {}
          });

  RequestTimersTest() {
    channel.freezeTime();
    WebSocketDecoderConfig config =
        WebSocketDecoderConfig.newBuilder()
            .maxFramePayloadLength(WebSocket.MESSAGE_BYTES)
            .expectMaskedFrames(true)
            .build();
    channel.pipeline().addLast(new PacedFrameDecoder(config, input));
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  void aLongFrameMayTakeItsTimeForEachStep() {
    int steps = 10;
    // 160 KiB and one byte, masked with zeros.
    come(new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 0, 0, 2, (byte) 0x80, 1, 0, 0, 0, 0});
    for (int i = 0; i < steps; i++) {
      pass(NEARLY);
      come(new byte[PacedFrameDecoder.STEP_BYTES]);
    }
    pass(NEARLY);
    come(new byte[1]);
    assertThat(input.isWithinPart()).isFalse();
    pass(10 * NEARLY);
    assertThat(slow).isZero();
  }

  @Test
  void lessThanAStepIsNoProgress() {
    come(new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 0, 0, 2, (byte) 0x80, 1, 0, 0, 0, 0});
    pass(NEARLY);
    come(new byte[PacedFrameDecoder.STEP_BYTES - 1]);
    pass(1);
    assertThat(slow).isEqualTo(1);
  }

  /** However a network cuts its frames: each read ends within one. */
  @Test
  void whoseFramesEndIsNotSlow() {
    byte[] restAndBeginning = {0, 0, 0, 0, (byte) 0x82, (byte) 0x80};
    come(new byte[] {(byte) 0x82, (byte) 0x80});
    for (int i = 0; i < 20; i++) {
      pass(NEARLY);
      come(restAndBeginning);
      assertThat(input.isWithinPart()).isTrue();
    }
    assertThat(slow).isZero();
    pass(NEARLY + 1);
    assertThat(slow).isEqualTo(1);
  }

  @Test
  void whatIsNotReadIsNotWatched() {
    come(new byte[] {(byte) 0x82});
    timers.onInput(false, input.progress());
    pass(10 * NEARLY);
    assertThat(slow).isZero();
    timers.onInput(true, input.progress());
    pass(NEARLY + 1);
    assertThat(slow).isEqualTo(1);
  }

  private void come(byte[] bytes) {
    channel.writeInbound(Unpooled.wrappedBuffer(bytes));
    for (WebSocketFrame frame = channel.readInbound();
        frame != null;
        frame = channel.readInbound()) {
      frame.release();
    }
    timers.onInput(input.isWithinPart(), input.progress());
  }

  private void pass(long millis) {
    channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
    channel.runPendingTasks();
  }
}
