package dev.holdfast.gateway.http1;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.WriteBufferWaterMark;

/**
 * Writer of responses to an HTTP/1.1 client. Batches flushes and accounts for bytes that the client
 * has not taken. Confined to its event loop.
 */
final class Http1ResponseWriter {
  private final ChannelHandlerContext ctx;
  private final ConnectionBufferAccount bytes;
  private final SlowReaderWatchdog unread;
  private final Runnable onRoom;
  private boolean flushWanted;
  private boolean ending;

  /**
   * The output of a channel; sets the channel's write-buffer watermarks.
   *
   * @param onRoom runs when the output is writable again
   */
  Http1ResponseWriter(
      ChannelHandlerContext ctx,
      ConnectionBufferAccount bytes,
      SlowReaderWatchdog unread,
      Runnable onRoom) {
    this.ctx = ctx;
    this.bytes = bytes;
    this.unread = unread;
    this.onRoom = onRoom;
    int most = ConnectionBufferAccount.UNSENT_BYTES;
    ctx.channel().config().setWriteBufferWaterMark(new WriteBufferWaterMark(most / 4, most));
  }

  /** Whether the client's output buffer accepts more bytes. */
  boolean isWritable() {
    return bytes.hasRoom() && ctx.channel().isWritable();
  }

  void onWritabilityChanged() {
    if (!ctx.channel().isWritable()) {
      unread.begin();
      return;
    }
    if (!ending) {
      unread.end();
    }
    if (isWritable()) {
      onRoom.run();
    }
  }

  void write(Object part) {
    var unused = ctx.write(part);
    flushSoon();
  }

  /**
   * Writes a part of a response and counts its bytes until they are written to the socket.
   *
   * @param size of the part in bytes
   */
  void write(Object part, int size) {
    bytes.onWrite(size);
    var unused = ctx.write(part).addListener(written -> onWritten(size));
    flushSoon();
  }

  /** Flushes, then runs a task when all is written or the write has failed. */
  void whenWritten(Runnable task) {
    ending = true;
    flushWanted = false;
    ChannelFuture last = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER);
    if (!last.isDone()) {
      unread.begin();
    }
    var unused =
        last.addListener(
            written -> {
              unread.end();
              task.run();
            });
  }

  void flush() {
    flushWanted = false;
    ctx.flush();
  }

  private void onWritten(int size) {
    if (bytes.onWritten(size) && isWritable()) {
      onRoom.run();
    }
  }

  private void flushSoon() {
    if (!flushWanted) {
      flushWanted = true;
      ctx.executor().execute(this::flush);
    }
  }
}
