package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.headers.HeaderNames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatchingFrameWriterTest {
  private final FrameBatch batch = new FrameBatch();
  private final DefaultHttp2HeadersEncoder encoder =
      new DefaultHttp2HeadersEncoder(HeaderNames.NEVER_INDEXED);
  private final BatchingFrameWriter writer = new BatchingFrameWriter(encoder, batch);
  private final EmbeddedChannel channel =
      new EmbeddedChannel(batch, new ChannelInboundHandlerAdapter());
  private final ChannelHandlerContext ctx = channel.pipeline().lastContext();
  private final List<String> read = new ArrayList<>();

  @AfterEach
  void releaseAll() {
    channel.finishAndReleaseAll();
  }

  @Test
  void smallFramesLeaveAsOneMessage() throws Exception {
    ChannelPromise headers = ctx.newPromise();
    ChannelPromise data = ctx.newPromise();
    var unusedHeaders = writer.writeHeaders(ctx, 3, request(1), 0, false, headers);
    var unusedData = writer.writeData(ctx, 3, bytes(10), 0, true, data);
    var unusedUpdate = writer.writeWindowUpdate(ctx, 0, 7, ctx.newPromise());
    var unusedReset = writer.writeRstStream(ctx, 5, 8, ctx.newPromise());
    assertThat(headers.isDone()).isFalse();

    ctx.flush();
    assertThat(channel.outboundMessages()).hasSize(1);
    assertThat(headers.isSuccess()).isTrue();
    assertThat(data.isSuccess()).isTrue();
    assertThat(readAll())
        .containsExactly("HEADERS 3 2", "DATA 3 10 end", "WINDOW 0 7", "RESET 5 8");
  }

  @Test
  void ofABatchThatLeftInPartWhatLeftIsKnown() throws Exception {
    FirstBytesOnly socket = new FirstBytesOnly();
    channel.pipeline().addFirst(socket);
    ChannelPromise whole = ctx.newPromise();
    ChannelPromise cut = ctx.newPromise();
    ChannelPromise none = ctx.newPromise();
    var unusedWhole = writer.writeHeaders(ctx, 3, request(1), 0, true, whole);
    socket.bytes = batch.open().writerIndex() + 1;
    var unusedCut = writer.writeHeaders(ctx, 5, request(1), 0, true, cut);
    var unusedNone = writer.writeHeaders(ctx, 7, request(1), 0, true, none);

    ctx.flush();
    assertThat(whole.isSuccess()).as("the upstream may carry it out").isTrue();
    assertThat(cut.isSuccess()).isFalse();
    assertThat(cut.isDone()).isTrue();
    assertThat(none.isSuccess()).isFalse();
    assertThat(none.isDone()).isTrue();
  }

  @Test
  void keepsTheOrderWithFramesThatGoAlone() throws Exception {
    var unusedSmall = writer.writeData(ctx, 1, bytes(10), 0, false, ctx.newPromise());
    var unusedLarge = writer.writeData(ctx, 3, bytes(10_000), 0, false, ctx.newPromise());
    var unusedPing = writer.writePing(ctx, false, 4, ctx.newPromise());
    var unusedLast = writer.writeData(ctx, 1, bytes(20), 0, true, ctx.newPromise());
    ctx.flush();
    assertThat(readAll()).containsExactly("DATA 1 10", "DATA 3 10000", "PING 4", "DATA 1 20 end");
  }

  @Test
  void headersThatAreTooLongForOneFrameGoOnInOthers() throws Exception {
    var unused = writer.writeHeaders(ctx, 1, request(50_000), 0, true, ctx.newPromise());
    ctx.flush();
    assertThat(readAll()).containsExactly("HEADERS 1 50001 end");
  }

  @Test
  void headersThatThePeerWouldRefuseLeaveNothingBehind() throws Exception {
    encoder.maxHeaderListSize(100);
    var unusedBefore = writer.writeData(ctx, 1, bytes(1), 0, false, ctx.newPromise());
    ChannelPromise refused = ctx.newPromise();
    var unused = writer.writeHeaders(ctx, 3, request(200), 0, true, refused);
    assertThat(refused.cause()).isInstanceOf(Http2Exception.class);
    ctx.flush();
    assertThat(readAll()).containsExactly("DATA 1 1");
  }

  @Test
  void nothingIsLostOrPromisedWhenTheChannelIsClosed() {
    ChannelPromise promise = ctx.newPromise();
    var unused = writer.writeData(ctx, 1, bytes(1), 0, false, promise);
    var unusedRemoval = channel.pipeline().remove(batch);
    assertThat(promise.cause()).isNotNull();
  }

  private static Http2Headers request(int valueBytes) {
    return new DefaultHttp2Headers().add("x", "-" + "v".repeat(valueBytes));
  }

  private static ByteBuf bytes(int count) {
    return Unpooled.directBuffer(count).writeZero(count);
  }

  /** What a peer would read. */
  private List<String> readAll() throws Http2Exception {
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
      all.writeBytes(next);
      next.release();
    }
    try (DefaultHttp2FrameReader reader = new DefaultHttp2FrameReader()) {
      reader.configuration().headersConfiguration().maxHeaderListSize(1 << 20, 1 << 20);
      reader.readFrame(ctx, all, new Peer());
    } finally {
      all.release();
    }
    return read;
  }

  private final class Peer extends Http2FrameAdapter {
    @Override
    public void onHeadersRead(
        ChannelHandlerContext at, int id, Http2Headers headers, int padding, boolean end) {
      CharSequence value = headers.get("x");
      read.add("HEADERS " + id + " " + (value == null ? 0 : value.length()) + (end ? " end" : ""));
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext at, int id, ByteBuf data, int padding, boolean end) {
      read.add("DATA " + id + " " + data.readableBytes() + (end ? " end" : ""));
      return 0;
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext at, int id, int increment) {
      read.add("WINDOW " + id + " " + increment);
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext at, int id, long code) {
      read.add("RESET " + id + " " + code);
    }

    @Override
    public void onPingRead(ChannelHandlerContext at, long payload) {
      read.add("PING " + payload);
    }
  }

  /** A socket that takes the first bytes of what is written; then its connection is lost. */
  private static final class FirstBytesOnly extends ChannelOutboundHandlerAdapter {
    private int bytes;

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      ByteBuf buffer = (ByteBuf) message;
      buffer.skipBytes(bytes).release();
      promise.tryFailure(new ClosedChannelException());
    }
  }
}
