package dev.holdfast.gateway.http1;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.WriteBufferWaterMark;

/**
 * Writes what a client over HTTP/1.1 is told: flushes are collected, and what the client does not
 * take is counted. On its event loop only.
 */
final class AnswerOutput {
  private final ChannelHandlerContext ctx;
  private final ConnectionBytes bytes;
  private final UnreadAnswers unread;
  private final Runnable onRoom;
  private boolean flushWanted;
  private boolean ending;

  /**
   * The output of a channel.
   *
   * @param onRoom told when it is writable again
   */
  AnswerOutput(
      ChannelHandlerContext ctx, ConnectionBytes bytes, UnreadAnswers unread, Runnable onRoom) {
    this.ctx = ctx;
    this.bytes = bytes;
    this.unread = unread;
    this.onRoom = onRoom;
    int most = ConnectionBytes.UNSENT_BYTES;
    ctx.channel().config().setWriteBufferWaterMark(new WriteBufferWaterMark(most / 4, most));
  }

  /** Whether more may wait for the client. */
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
   * As above.
   *
   * @param size of the part in bytes, which are held until the client takes them
   */
  void write(Object part, int size) {
    bytes.onWrite(size);
    var unused = ctx.write(part).addListener(written -> onWritten(size));
    flushSoon();
  }

  /** Runs a task when the client has taken everything, or is gone. */
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
