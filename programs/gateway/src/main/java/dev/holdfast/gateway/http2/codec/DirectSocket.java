package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import dev.holdfast.gateway.socket.ReadinessListener;
import dev.holdfast.gateway.socket.SpareBuffers;
import dev.holdfast.liveness.LivenessHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The socket of a connection whose pipeline holds nothing but liveness and HTTP/2: small reads and
 * writes go straight to it. A pass through Netty's pipeline, a buffer, a place in the queue of the
 * socket and a promise for each of them touch more memory than the bytes themselves, and that of a
 * connection among many is in no cache.
 *
 * <p>All that is more than a few bytes, that fails, ends or has to wait is Netty's, which finds the
 * socket as it would have been. On the event loop only.
 */
final class DirectSocket implements ReadinessListener {
  /** The most bytes of one read here. Netty reads longer input, with buffers that grow. */
  static final int READ_BYTES = 4_096;

  /** A switch for measurements: {@code bench/run gateway --parts 1}. */
  private static final boolean USED =
      !"false".equals(System.getProperty("holdfast.gateway.direct-socket"));

  private final FrameConnection connection;
  private final ChannelHandlerContext context;
  private final LivenessHandler liveness;
  private final EpollSocketChannel channel;
  private final Socket socket;
  private boolean bulk;

  private DirectSocket(
      FrameConnection connection,
      ChannelHandlerContext context,
      LivenessHandler liveness,
      EpollSocketChannel channel) {
    this.connection = connection;
    this.context = context;
    this.liveness = liveness;
    this.channel = channel;
    this.socket = (Socket) channel.fd();
  }

  /** The direct socket of a connection; null where another handler has to see its bytes. */
  static @Nullable DirectSocket of(
      FrameConnection connection, ChannelHandlerContext context, FrameBatch batch) {
    GatewayEpollIoHandler sockets = GatewayEpollIoHandler.current();
    if (!USED || sockets == null || !(context.channel() instanceof EpollSocketChannel channel)) {
      return null;
    }
    Iterator<Map.Entry<String, ChannelHandler>> handlers = context.pipeline().iterator();
    if (handlers.next().getValue() instanceof LivenessHandler liveness
        && handlers.next().getValue() == batch
        && handlers.next().getValue() == connection
        && !handlers.hasNext()) {
      DirectSocket direct = new DirectSocket(connection, context, liveness, channel);
      return sockets.listen(channel, direct) ? direct : null;
    }
    return null;
  }

  @Override
  public boolean onReadable() {
    if (bulk || connection.hasPartOfFrame()) {
      return false;
    }
    ByteBuf bytes = SpareBuffers.take().ensureWritable(READ_BYTES);
    try {
      int count = socket.recvAddress(bytes.memoryAddress(), 0, READ_BYTES);
      if (count > 0) {
        return take(bytes.writerIndex(count));
      }
      // An end is Netty's to find.
      return count == 0;
    } catch (IOException e) {
      // The kernel says it once; Netty would read an end where there was a reset.
      context.pipeline().fireExceptionCaught(e);
      channel.unsafe().close(channel.unsafe().voidPromise());
      return true;
    } finally {
      SpareBuffers.give(bytes, 2 * FrameBatch.MOST_BYTES);
    }
  }

  /** Says whether nothing more is there to be read. */
  private boolean take(ByteBuf bytes) {
    boolean all = bytes.readableBytes() < READ_BYTES;
    if (!liveness.onReadPast(GatewayEpollIoHandler.nanoTime())) {
      context.pipeline().fireChannelRead(bytes.retain());
      return false;
    }
    try {
      connection.onBytes(bytes);
    } catch (Exception e) {
      context.fireExceptionCaught(e);
    }
    if (all) {
      connection.onReadComplete();
    }
    return all;
  }

  /** So many bytes came at once, and Netty read the rest or all of them. */
  void onTurn(int bytes) {
    bulk = bytes >= READ_BYTES;
  }

  /**
   * Writes what can be written at once, if nothing waits to be written before it.
   *
   * @return whether that was all; if not, the rest is still in the buffer
   */
  boolean write(ByteBuf bytes) {
    ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
    if (waiting == null || waiting.totalPendingWriteBytes() > 0) {
      return false;
    }
    try {
      bytes.skipBytes(
          socket.sendAddress(bytes.memoryAddress(), bytes.readerIndex(), bytes.writerIndex()));
    } catch (IOException e) {
      // Netty meets it again, and closes the connection.
      return false;
    }
    liveness.onSent(context, GatewayEpollIoHandler.nanoTime());
    return !bytes.isReadable();
  }
}
