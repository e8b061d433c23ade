package dev.holdfast.gateway.listener;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A side of a TCP proxy connection: the client's or the endpoint's. Confined to its event loop.
 *
 * <p>Backpressure: the side is read only while the other side exists and has room. While the
 * gateway's memory is full, the side is read only after the other side has written everything read
 * before.
 */
final class TcpProxySide extends ChannelInboundHandlerAdapter {
  @Limit(
      of =
          "bytes of one direction of a connection that is passed through, kept for a slow receiver",
      then = "its sender is not read until they are gone")
  static final int KEPT_BYTES = 65_536;

  @Limit(
      of = "bytes that are read at once of a connection that is passed through",
      then = "the next are read after them; not before they are sent, while much is kept in all")
  static final int CHUNK_BYTES = 16_384;

  private static final int FIRST_CHUNK_BYTES = 2_048;
  private static final int LEAST_CHUNK_BYTES = 64;

  private final Channel channel;
  private final ForwardingLoop loop;
  private final IntConsumer counted;
  private final ArrayDeque<ByteBuf> early = new ArrayDeque<>(1);
  private @Nullable TcpProxyConnection tcpProxyConnection;
  private @Nullable TcpProxySide other;
  private boolean inputEnded;
  private boolean outputEnded;
  private long waitingBytes;
  private boolean held;

  /**
   * Creates a side without another one.
   *
   * @param counted takes the number of bytes of each read from this side
   */
  TcpProxySide(Channel channel, ForwardingLoop loop, IntConsumer counted) {
    this.channel = channel;
    this.loop = loop;
    this.counted = counted;
  }

  /** Bounds the bytes per read. Must be called before the first read. */
  static void readInChunks(Channel channel) {
    channel
        .config()
        .setRecvByteBufAllocator(
            new AdaptiveRecvByteBufAllocator(LEAST_CHUNK_BYTES, FIRST_CHUNK_BYTES, CHUNK_BYTES));
  }

  Channel channel() {
    return channel;
  }

  /** Takes over the channel, which is not read until there is another side. */
  void install(TcpProxyConnection owner) {
    tcpProxyConnection = owner;
    channel.config().setAutoRead(false);
    channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(KEPT_BYTES / 2, KEPT_BYTES));
    channel.pipeline().addLast(this);
  }

  /** Connects the other side: writes the bytes that were kept, then all that arrive. */
  void release(TcpProxySide to) {
    other = to;
    for (ByteBuf next = early.poll(); next != null; next = early.poll()) {
      loop.memory().give(next.readableBytes());
      to.write(next);
    }
    to.channel.flush();
    if (inputEnded) {
      inputEnded = false;
      endInput();
    }
    refreshReading();
  }

  /** Releases the kept bytes of a connection without another side. */
  void drop() {
    for (ByteBuf next = early.poll(); next != null; next = early.poll()) {
      loop.memory().give(next.readableBytes());
      next.release();
    }
  }

  /** Whether the half-close was sent to this side's peer. */
  boolean isOutputEnded() {
    return outputEnded;
  }

  /**
   * Half-closes the output after all bytes that were written; with TLS, after its close_notify.
   *
   * @param then runs when that is done
   */
  void endOutput(Runnable then) {
    var unused =
        channel
            .writeAndFlush(Unpooled.EMPTY_BUFFER)
            .addListener(
                written -> {
                  SslHandler tls = channel.pipeline().get(SslHandler.class);
                  if (tls == null) {
                    shutDown(then);
                  } else {
                    var unusedClose = tls.closeOutbound().addListener(told -> shutDown(then));
                  }
                });
  }

  private void shutDown(Runnable then) {
    if (channel instanceof DuplexChannel duplex) {
      var unused =
          duplex
              .shutdownOutput()
              .addListener(
                  done -> {
                    outputEnded = true;
                    then.run();
                  });
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof ByteBuf bytes)) {
      ReferenceCountUtil.release(message);
      return;
    }
    TcpProxyConnection owner = tcpProxyConnection;
    if (owner == null || !channel.isOpen()) {
      bytes.release();
      return;
    }
    owner.onMoved();
    counted.accept(bytes.readableBytes());
    TcpProxySide to = other;
    if (to == null) {
      loop.memory().take(bytes.readableBytes());
      early.add(bytes);
    } else {
      to.write(bytes);
      refreshReading();
    }
  }

  /** Writes bytes of the other side, and charges them to the memory until they are written. */
  private void write(ByteBuf bytes) {
    int size = bytes.readableBytes();
    waitingBytes += size;
    loop.memory().take(size);
    var unused = channel.write(bytes).addListener(written -> onWritten(size));
  }

  private void onWritten(int size) {
    waitingBytes -= size;
    loop.memory().give(size);
    TcpProxySide from = other;
    if (from != null && from.held && waitingBytes == 0) {
      from.refreshReading();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    TcpProxySide to = other;
    if (to != null) {
      to.channel.flush();
      if (held) {
        loop.meters().met(MetLimit.MEMORY);
      }
    }
    ctx.fireChannelReadComplete();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    TcpProxySide from = other;
    if (from != null) {
      from.refreshReading();
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    boolean tls = ctx.pipeline().get(SslHandler.class) != null;
    if (event instanceof SslCloseCompletionEvent closed && closed.isSuccess()) {
      endInput();
    } else if (event instanceof ChannelInputShutdownEvent && tls && !inputEnded) {
      // Without the farewell of TLS it may be anybody who ended it here.
      cut("TLS closed without close_notify");
    } else if (event instanceof ChannelInputShutdownEvent) {
      endInput();
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    // One with which all is done may go before the other side has read to the end.
    if (!inputEnded || !outputEnded) {
      cut("closed");
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // The socket failed, or TLS did: neither side can trust what came as a whole.
    cut(IoErrorText.of(cause));
  }

  private void endInput() {
    TcpProxyConnection owner = tcpProxyConnection;
    if (!inputEnded && owner != null) {
      inputEnded = true;
      if (other != null) {
        owner.onInputEnded(this);
      }
    }
  }

  private void cut(String why) {
    TcpProxyConnection owner = tcpProxyConnection;
    if (owner != null) {
      owner.onCut(this, why);
    }
  }

  private void refreshReading() {
    TcpProxySide to = other;
    held = to != null && to.waitingBytes > 0 && loop.memory().isFull();
    boolean wanted = to != null && to.channel.isWritable() && !held;
    if (channel.config().isAutoRead() != wanted) {
      channel.config().setAutoRead(wanted);
    }
  }
}
