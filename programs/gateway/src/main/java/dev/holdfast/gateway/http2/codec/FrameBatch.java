package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.socket.SpareBuffers;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The small frames of one connection that leave together: they are written one behind the other
 * into one buffer. A flush writes it straight to the socket where that is possible (see {@link
 * DirectSocket}); else, and when it is full, or when something that is no small frame follows, it
 * is one message to the rest of the pipeline. A buffer, a promise and a place in the socket's queue
 * for each of them would cost more than to forward them.
 *
 * <p>What is put together here is not yet in the channel's count of bytes to be written; it is
 * never more than {@link #MOST_BYTES} and one frame. On the event loop only.
 */
// How a write ends shows in the promise that was handed in.
@SuppressWarnings("FutureReturnValueIgnored")
final class FrameBatch extends ChannelOutboundHandlerAdapter {
  /** So many are handed on without a flush. */
  @Limit(
      of = "bytes of frames for one connection that are put together, give or take one frame",
      then = "they are handed on to be written")
  static final int MOST_BYTES = 16_384;

  private static final int FEW = 4;

  private @Nullable ChannelHandlerContext context;
  private @Nullable ByteBuf bytes;
  private @Nullable WriteListener[] told = new WriteListener[FEW];
  private @Nullable WriteListener @Nullable [] spare;
  private int[] ends = new int[FEW];
  private int count;
  private boolean unflushed;
  private @Nullable DirectSocket direct;

  /** Whether anything was written that no flush followed. */
  boolean isUnflushed() {
    return unflushed;
  }

  /** The socket, where it may be written to past the pipeline; null where not. */
  void direct(@Nullable DirectSocket socket) {
    direct = socket;
  }

  /** Where the next frame is to be written; {@link #add} or {@link #undo} must follow. */
  ByteBuf open() {
    ByteBuf open = bytes;
    if (open == null) {
      open = SpareBuffers.take();
      bytes = open;
    }
    return open;
  }

  /** Adds the frame that was written since {@link #open}; a full batch is sent. */
  void add() {
    unflushed = true;
    ByteBuf open = bytes;
    if (open != null && open.readableBytes() >= MOST_BYTES) {
      send();
    }
  }

  /** A frame was written, and is about to be added, of which somebody wants to hear. */
  void notifyWhenWritten(@Nullable WriteListener hearer) {
    ByteBuf open = bytes;
    if (hearer == null || open == null) {
      return;
    }
    if (count == told.length) {
      told = Arrays.copyOf(told, 2 * count);
    }
    if (count == ends.length) {
      ends = Arrays.copyOf(ends, 2 * count);
    }
    told[count] = hearer;
    ends[count++] = open.writerIndex();
  }

  /** Drops the bytes behind the given index, which are no whole frame. */
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
    BatchWrite write = new BatchWrite(ctx, full.retain(), told, ends, count);
    told = new WriteListener[Math.max(FEW, count)];
    ends = new int[told.length];
    count = 0;
    ctx.write(full, write);
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
      new BatchWrite(ctx, left, told, ends, count).tryFailure(new ClosedChannelException());
      told = new WriteListener[FEW];
      ends = new int[FEW];
      count = 0;
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
    if (!flushDirect()) {
      unflushed = false;
      send();
      ctx.flush();
    }
  }

  /** Writes what there is past the pipeline; says whether that was all that is to be flushed. */
  boolean flushDirect() {
    DirectSocket past = direct;
    ByteBuf full = bytes;
    if (past == null || full == null || !full.isReadable() || !past.write(full)) {
      return false;
    }
    unflushed = false;
    bytes = null;
    // They may send more while they hear of it.
    @Nullable WriteListener[] hearers = told;
    int hearing = count;
    told = spare == null ? new WriteListener[FEW] : spare;
    spare = null;
    count = 0;
    SpareBuffers.give(full, 2 * MOST_BYTES);
    for (int i = 0; i < hearing; i++) {
      notifyWhenWritten(hearers[i], true);
    }
    Arrays.fill(hearers, 0, hearing, null);
    spare = hearers;
    return true;
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

  private static void notifyWhenWritten(@Nullable WriteListener hearer, boolean success) {
    if (hearer != null) {
      hearer.onWritten(success);
    }
  }

  /** The promise of one write of many frames, which notifies the listener of each frame. */
  private static final class BatchWrite extends DefaultChannelPromise {
    private final ByteBuf bytes;
    private final @Nullable WriteListener[] hearers;
    private final int[] ends;
    private final int count;

    BatchWrite(
        ChannelHandlerContext ctx,
        ByteBuf bytes,
        @Nullable WriteListener[] hearers,
        int[] ends,
        int count) {
      super(ctx.channel(), ctx.executor());
      this.bytes = bytes;
      this.hearers = hearers;
      this.ends = ends;
      this.count = count;
    }

    @Override
    public boolean trySuccess(Void nothing) {
      boolean first = super.trySuccess(null);
      if (first) {
        tellAll(bytes.writerIndex());
      }
      return first;
    }

    /** A partial write moves the reader index: the frames before it were sent. */
    @Override
    public boolean tryFailure(Throwable cause) {
      boolean first = super.tryFailure(cause);
      if (first) {
        tellAll(bytes.readerIndex());
      }
      return first;
    }

    private void tellAll(int left) {
      SpareBuffers.give(bytes, 2 * MOST_BYTES);
      for (int i = 0; i < count; i++) {
        notifyWhenWritten(hearers[i], ends[i] <= left);
      }
    }
  }
}
