package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The small frames of one connection that leave together: they are written one behind the other
 * into one buffer, which is one message to the rest of the pipeline when it is full, when something
 * that is no small frame follows, or when there is a flush. A buffer, a promise and a place in the
 * socket's queue for each of them would cost more than to forward them.
 *
 * <p>What is put together here is not yet in the channel's count of bytes to be written; it is
 * never more than {@link #MOST_BYTES} and one frame. On the event loop only.
 */
// How a write ends shows in the promise that was handed in.
@SuppressWarnings("FutureReturnValueIgnored")
final class FrameBatch extends ChannelOutboundHandlerAdapter {
  /** So many are handed on without a flush. */
  static final int MOST_BYTES = 16_384;

  private static final int LEAST_BYTES = 256;

  private @Nullable ChannelHandlerContext context;
  private @Nullable ByteBuf bytes;
  private List<ChannelPromise> promises = new ArrayList<>();
  private int usualBytes = LEAST_BYTES;
  private boolean unflushed;

  /** Whether anything was written that no flush followed. */
  boolean isUnflushed() {
    return unflushed;
  }

  /** Where the next frame is to be written; {@link #add} or {@link #undo} must follow. */
  ByteBuf open(ChannelHandlerContext ctx) {
    ByteBuf open = bytes;
    if (open == null) {
      open = ctx.alloc().directBuffer(usualBytes);
      bytes = open;
    }
    return open;
  }

  /** A frame was written. */
  void add(ChannelPromise promise) {
    unflushed = true;
    promises.add(promise);
    ByteBuf open = bytes;
    if (open != null && open.readableBytes() >= MOST_BYTES) {
      send();
    }
  }

  /** What was written behind the given index is no frame. */
  void undo(int writerIndex) {
    ByteBuf open = bytes;
    if (open != null) {
      open.writerIndex(writerIndex);
    }
  }

  /** Hands on what there is. */
  void send() {
    ByteBuf full = bytes;
    ChannelHandlerContext ctx = context;
    if (full == null || ctx == null) {
      return;
    }
    bytes = null;
    if (!full.isReadable()) {
      full.release();
      return;
    }
    int size = full.readableBytes();
    usualBytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, Math.max(size, usualBytes / 2)));
    List<ChannelPromise> written = promises;
    promises = new ArrayList<>(written.size());
    ctx.write(full, new BatchWrite(ctx, written));
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    ByteBuf left = bytes;
    bytes = null;
    if (left != null) {
      left.release();
      BatchWrite.fail(promises, new ClosedChannelException());
      promises = new ArrayList<>();
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    unflushed = true;
    send();
    ctx.write(message, promise);
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    unflushed = false;
    send();
    ctx.flush();
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    send();
    ctx.close(promise);
  }

  @Override
  public void disconnect(ChannelHandlerContext ctx, ChannelPromise promise) {
    send();
    ctx.disconnect(promise);
  }

  /** One write of many frames; tells each of them how it ended. */
  private static final class BatchWrite extends DefaultChannelPromise
      implements ChannelFutureListener {
    private final List<ChannelPromise> frames;

    BatchWrite(ChannelHandlerContext ctx, List<ChannelPromise> frames) {
      super(ctx.channel(), ctx.executor());
      this.frames = frames;
      addListener(this);
    }

    @Override
    public void operationComplete(ChannelFuture write) {
      Throwable cause = write.cause();
      if (cause == null) {
        for (int i = 0; i < frames.size(); i++) {
          frames.get(i).trySuccess();
        }
      } else {
        fail(frames, cause);
      }
    }

    static void fail(List<ChannelPromise> frames, Throwable cause) {
      for (int i = 0; i < frames.size(); i++) {
        frames.get(i).tryFailure(cause);
      }
    }
  }
}
