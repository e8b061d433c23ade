package dev.holdfast.gateway.http1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The turns in which input that comes in one read is decoded. */
class PacedInputTest {
  private static final String CHUNKS = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Turns turns = new Turns();
  private final PacedInput input = new PacedInput(channel, turns);

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  void requestsTakeTurns() {
    begin(new PacedRequestDecoder(new HttpDecoderConfig(), input));
    come("GET / HTTP/1.1\r\n\r\n".repeat(100));
    assertThat(Collections.max(turns.requests)).isEqualTo(PacedInput.REQUESTS);
    assertThat(turns.requests.stream().mapToInt(each -> each).sum()).isEqualTo(100);
  }

  @Test
  void partsOfABodyTakeTurns() {
    begin(new PacedRequestDecoder(new HttpDecoderConfig(), input));
    come(CHUNKS + "1\r\nx\r\n".repeat(1_000) + "0\r\n\r\n");
    assertThat(Collections.max(turns.parts)).isEqualTo(PacedInput.PARTS);
    // Its head and its end are parts as well.
    assertThat(turns.parts.stream().mapToInt(each -> each).sum()).isEqualTo(1_002);
  }

  @Test
  void largePartsAreAsMuchWorkAsManySmallOnes() {
    begin(new PacedRequestDecoder(new HttpDecoderConfig(), input));
    come(CHUNKS + ("1f40\r\n" + "x".repeat(8_000) + "\r\n").repeat(100));
    assertThat(Collections.max(turns.parts)).isBetween(2, PacedInput.PARTS / 2 + 1);
  }

  @Test
  void framesOfAWebSocketTakeTurns() {
    begin(new PacedFrameDecoder(WebSocketDecoderConfig.newBuilder().build(), input));
    come("\u0081\u0080\0\0\0\0".repeat(1_000));
    assertThat(Collections.max(turns.parts)).isEqualTo(PacedInput.PARTS);
    assertThat(turns.parts.stream().mapToInt(each -> each).sum()).isEqualTo(1_000);
  }

  /** Bytes that the reader may not take stay bytes, and the socket is not read meanwhile. */
  @Test
  void whatMayNotBeTakenWaitsAsBytes() {
    begin(new PacedRequestDecoder(new HttpDecoderConfig(), input));
    turns.allowed = 1;
    come("GET / HTTP/1.1\r\ncontent-length: 0\r\n\r\n".repeat(3));
    assertThat(turns.taken).isEqualTo(1);
    assertThat(input.isPaused()).isTrue();
    assertThat(input.bufferBytes()).isPositive();
    assertThat(turns.refreshed).isEqualTo(1);
  }

  /** The caller may be within the end of another request, or an event of an upstream. */
  @Test
  void goesOnInATurnOfItsOwn() {
    begin(new PacedRequestDecoder(new HttpDecoderConfig(), input));
    turns.allowed = 1;
    come("GET / HTTP/1.1\r\n\r\n".repeat(3));
    turns.allowed = 10_000;
    input.resumeLater();
    assertThat(turns.taken).isEqualTo(1);
    runTurns();
    assertThat(turns.requests.stream().mapToInt(each -> each).sum()).isEqualTo(3);
    assertThat(input.isPaused()).isFalse();
  }

  private void begin(ChannelHandler decoder) {
    channel.pipeline().addLast(decoder).addLast(turns);
  }

  private void come(String bytes) {
    channel.writeInbound(Unpooled.wrappedBuffer(bytes.getBytes(StandardCharsets.ISO_8859_1)));
    runTurns();
  }

  private void runTurns() {
    for (int turn = 0; turn < 100; turn++) {
      channel.runPendingTasks();
    }
  }

  /** Counts what is taken in each turn of the event loop. */
  private static final class Turns extends ChannelInboundHandlerAdapter
      implements PacedInput.PartConsumer {
    final List<Integer> requests = new ArrayList<>();
    final List<Integer> parts = new ArrayList<>();
    int allowed = Integer.MAX_VALUE;
    int taken;
    int refreshed;
    private int requestsNow;
    private int partsNow;

    @Override
    public boolean acceptsPart() {
      return taken < allowed;
    }

    @Override
    public void updateAutoRead() {
      refreshed++;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object part) {
      partsNow++;
      if (part instanceof HttpRequest) {
        taken++;
        requestsNow++;
      }
      ReferenceCountUtil.release(part);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      requests.add(requestsNow);
      parts.add(partsNow);
      requestsNow = 0;
      partsNow = 0;
    }
  }
}
