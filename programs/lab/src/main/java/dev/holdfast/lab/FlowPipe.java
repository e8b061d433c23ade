package dev.holdfast.lab;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pipe for one direction of a connection through a {@link Middlebox} or a {@link TcpRelay}: bytes
 * are read from the source, held until they are due, and written to the sink. The end of the stream
 * (FIN) is queued behind the bytes.
 *
 * <p>While {@link #MAX_HELD_BYTES} are held or the pipe is blocked, nothing more is read
 * (backpressure), so a middlebox full of stuck connections stays small. Runs on the event loop.
 */
final class FlowPipe {
  @Limit(
      of = "bytes that one direction of a connection holds back, give or take one read",
      then = "nothing more is read, so that TCP holds the sender back")
  static final int MAX_HELD_BYTES = 1024 * 1024;

  static final long NO_LIMIT = Long.MAX_VALUE;

  private static final Logger log = LoggerFactory.getLogger(FlowPipe.class);

  /** Held bytes, or the end of the stream when null, and the time when they are due. */
  private record Held(@Nullable ByteBuf bytes, long dueNanos) {}

  private final PipeConnection connection;
  private final RelayDirection direction;
  private final Deque<Held> held = new ArrayDeque<>();
  private @Nullable SocketChannel source;
  private @Nullable SocketChannel sink;
  private LinkDelayModel link;
  private long heldBytes;
  private long passedBytes;
  private long cutAtByte = NO_LIMIT;
  private long blockAtByte = NO_LIMIT;
  private boolean stalled;
  private boolean inputEnded;
  private boolean ended;
  private boolean timerSet;

  FlowPipe(PipeConnection connection, RelayDirection direction, LinkDelayModel link) {
    this.connection = connection;
    this.direction = direction;
    this.link = link;
  }

  void connect(SocketChannel from, SocketChannel to) {
    source = from;
    sink = to;
    pump();
  }

  /** Sets the link and the cut for bytes to come; bytes that are held already keep their time. */
  void shape(LinkDelayModel value, long cutAt) {
    link = value;
    cutAtByte = cutAt;
  }

  /** Blocks the pipe, or ends that. */
  void stall(boolean value) {
    stalled = value;
  }

  /** Blocks the pipe once it has passed so many more bytes; {@link #NO_LIMIT} ends that. */
  void limit(long byteCount) {
    blockAtByte = byteCount > NO_LIMIT - passedBytes ? NO_LIMIT : passedBytes + byteCount;
  }

  /** Whether nothing is read from the source and nothing written to the sink. */
  boolean isBlocked() {
    return stalled || passedBytes >= blockAtByte;
  }

  boolean hasEnded() {
    return ended;
  }

  void hold(ByteBuf bytes) {
    int length = bytes.readableBytes();
    if (ended || length == 0) {
      bytes.release();
      return;
    }
    heldBytes += length;
    held.addLast(new Held(bytes, link.dueNanos(connection.elapsedNanos(), length)));
  }

  /** Ends the stream behind what is held. */
  void holdEnd() {
    if (!inputEnded && !ended) {
      inputEnded = true;
      held.addLast(new Held(null, link.dueNanos(connection.elapsedNanos(), 0)));
      pump();
    }
  }

  /** Discards the held bytes and accepts no more. */
  void discard() {
    ended = true;
    for (Held next = held.pollFirst(); next != null; next = held.pollFirst()) {
      if (next.bytes != null) {
        next.bytes.release();
      }
    }
    heldBytes = 0;
  }

  /** Writes what is due and reads on if there is room. */
  void pump() {
    SocketChannel to = sink;
    SocketChannel from = source;
    if (to == null || from == null) {
      return;
    }
    boolean wrote = false;
    while (!ended && !isBlocked() && to.isWritable() && passNext(to)) {
      wrote = true;
    }
    if (wrote) {
      to.flush();
    }
    // A connection that is forgotten goes on reading, or its sockets would never show their end.
    if (!isBlocked() && !inputEnded && heldBytes < MAX_HELD_BYTES && from.isOpen()) {
      from.read();
    }
  }

  ChannelHandler reader() {
    return new ChannelInboundHandlerAdapter() {
      @Override
      public void channelRead(ChannelHandlerContext ctx, Object message) {
        connection.onBytes(direction, (ByteBuf) message);
      }

      @Override
      public void channelReadComplete(ChannelHandlerContext ctx) {
        connection.pump();
      }

      @Override
      public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
          connection.onEnd(direction);
        }
      }

      @Override
      public void channelInactive(ChannelHandlerContext ctx) {
        // Not by a FIN, which leaves the other direction open: a write to it failed.
        connection.onReset(direction);
      }

      @Override
      public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        connection.pump();
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // Reset by its peer; the other side hears the same, if this connection tells at all.
        log.debug("event=lab_connection_reset", cause);
        connection.onReset(direction);
      }
    };
  }

  private boolean passNext(SocketChannel to) {
    Held next = held.peekFirst();
    if (next == null) {
      return false;
    }
    long waitNanos = next.dueNanos - connection.elapsedNanos();
    if (waitNanos > 0) {
      pumpAfter(waitNanos);
      return false;
    }
    if (next.bytes == null) {
      held.removeFirst();
      finish(to);
      return false;
    }
    int length = next.bytes.readableBytes();
    if (passedBytes + length >= cutAtByte) {
      held.removeFirst();
      heldBytes -= length;
      cutWithin(next.bytes, to);
      return false;
    }
    int passing = (int) Math.min(length, blockAtByte - passedBytes);
    ByteBuf bytes = next.bytes;
    if (passing == length) {
      held.removeFirst();
    } else {
      bytes = bytes.readRetainedSlice(passing);
    }
    heldBytes -= passing;
    passedBytes += passing;
    connection.onPassed(direction, passing);
    var unused = to.write(bytes);
    return true;
  }

  private void cutWithin(ByteBuf bytes, SocketChannel to) {
    int last = (int) Math.max(0, cutAtByte - passedBytes);
    passedBytes += last;
    connection.onPassed(direction, last);
    ended = true;
    var unused =
        to.writeAndFlush(bytes.readSlice(last)).addListener(written -> connection.cut(passedBytes));
  }

  // Behind what is being written: Netty drops that when the output is shut down.
  private void finish(SocketChannel to) {
    var unused =
        to.writeAndFlush(Unpooled.EMPTY_BUFFER)
            .addListener(
                written ->
                    to.shutdownOutput()
                        .addListener(
                            shut -> {
                              ended = true;
                              connection.onPipeEnded();
                            }));
  }

  private void pumpAfter(long waitNanos) {
    if (!timerSet) {
      timerSet = true;
      connection.after(
          waitNanos,
          () -> {
            timerSet = false;
            pump();
          });
    }
  }
}
