package dev.holdfast.lab;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pipe for one direction of a connection: bytes are read, held until they are due, and written.
 *
 * <p>Nothing is read while {@link #MAX_HELD_BYTES} are held, or while the direction is stalled
 * (backpressure), so a middlebox full of stuck connections stays small. The end of the stream (FIN)
 * is queued behind the bytes. Runs on the event loop.
 */
final class RelayPipe {
  /**
   * The largest number of bytes that one direction of a connection holds, give or take one read.
   */
  @Limit(
      of = "bytes that one direction of a relayed connection holds back, give or take one read",
      then = "nothing more is read, so that TCP holds the sender back")
  static final int MAX_HELD_BYTES = 1024 * 1024;

  private static final Logger log = LoggerFactory.getLogger(RelayPipe.class);
  private static final long NO_LIMIT = Long.MAX_VALUE;

  /** Held bytes, or the end of the stream when null, and the time when they are due. */
  private record Held(@Nullable ByteBuf bytes, long dueNanos) {}

  private final RelayConnection connection;
  private final AtomicLong relayTotal;
  private final AtomicLong total = new AtomicLong();
  private final Deque<Held> held = new ArrayDeque<>();
  private @Nullable SocketChannel from;
  private @Nullable SocketChannel to;
  private boolean stalled;
  private boolean inputEnded;
  private boolean reset;
  private boolean ended;
  private boolean timerSet;
  private long heldBytes;
  private long delayNanos;
  private long allowedBytes = NO_LIMIT;

  RelayPipe(RelayConnection connection, AtomicLong relayTotal) {
    this.connection = connection;
    this.relayTotal = relayTotal;
  }

  long byteCount() {
    return total.get();
  }

  boolean hasEnded() {
    return ended;
  }

  /** Both ends are there; begins to read. */
  void connect(SocketChannel source, SocketChannel sink) {
    from = source;
    to = sink;
    pump();
  }

  void stall() {
    stalled = true;
  }

  void delay(Duration value) {
    delayNanos = value.toNanos();
  }

  void limit(long byteCount) {
    allowedBytes = byteCount;
    pump();
  }

  /**
   * Ends stalls, delays and limits. Bytes that were delayed already keep their time, so that the
   * order stays.
   */
  void heal() {
    stalled = false;
    delayNanos = 0;
    allowedBytes = NO_LIMIT;
    pump();
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

  ChannelHandler reader() {
    return new ChannelInboundHandlerAdapter() {
      @Override
      public void channelRead(ChannelHandlerContext ctx, Object message) {
        hold((ByteBuf) message);
      }

      @Override
      public void channelReadComplete(ChannelHandlerContext ctx) {
        pump();
      }

      @Override
      public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
          onInputEnded();
        }
      }

      @Override
      public void channelInactive(ChannelHandlerContext ctx) {
        // Not by a FIN, which leaves the other direction open: a write to it failed.
        onReset();
      }

      @Override
      public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        connection.pumpOnLoop();
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // Reset by its peer: the other side hears the same.
        log.debug("event=relay_connection_reset", cause);
        onReset();
      }
    };
  }

  /** Writes what may go on and reads on if there is room. */
  void pump() {
    if (reset && !isBlocked()) {
      connection.cutOnLoop();
      return;
    }
    SocketChannel source = from;
    SocketChannel sink = to;
    if (ended || source == null || sink == null) {
      return;
    }
    while (!stalled && !ended && sink.isWritable() && passNext(source, sink)) {
      // Passing is all there is to do.
    }
    if (!isBlocked() && !ended && !inputEnded && heldBytes < MAX_HELD_BYTES) {
      source.read();
    }
  }

  private void hold(ByteBuf bytes) {
    if (ended) {
      bytes.release();
      return;
    }
    heldBytes += bytes.readableBytes();
    held.addLast(new Held(bytes, System.nanoTime() + delayNanos));
  }

  private void onInputEnded() {
    if (!inputEnded && !ended) {
      inputEnded = true;
      held.addLast(new Held(null, System.nanoTime() + delayNanos));
      pump();
    }
  }

  // A reset is a packet too: it does not get through a stalled direction.
  void onReset() {
    reset = true;
    if (!isBlocked()) {
      connection.cutOnLoop();
    }
  }

  private boolean isBlocked() {
    return stalled || allowedBytes == 0;
  }

  private boolean passNext(SocketChannel source, SocketChannel sink) {
    Held next = held.peekFirst();
    if (next == null) {
      return false;
    }
    long waitNanos = next.dueNanos - System.nanoTime();
    if (waitNanos > 0) {
      pumpAfter(source, waitNanos);
      return false;
    }
    ByteBuf bytes = next.bytes;
    if (allowedBytes == 0) {
      return false;
    }
    if (bytes == null) {
      held.removeFirst();
      finish(sink);
      return false;
    }
    int passed = (int) Math.min(bytes.readableBytes(), allowedBytes);
    if (allowedBytes != NO_LIMIT) {
      allowedBytes -= passed;
    }
    total.addAndGet(passed);
    relayTotal.addAndGet(passed);
    heldBytes -= passed;
    if (passed == bytes.readableBytes()) {
      held.removeFirst();
      var unused = sink.writeAndFlush(bytes);
    } else {
      var unused = sink.writeAndFlush(bytes.readRetainedSlice(passed));
    }
    return true;
  }

  // Behind what is being written: Netty drops that when the output is shut down.
  private void finish(SocketChannel sink) {
    var unused =
        sink.writeAndFlush(Unpooled.EMPTY_BUFFER)
            .addListener(
                written ->
                    sink.shutdownOutput()
                        .addListener(
                            shut -> {
                              ended = true;
                              connection.endedOnLoop();
                            }));
  }

  private void pumpAfter(SocketChannel source, long waitNanos) {
    if (!timerSet) {
      timerSet = true;
      var unused =
          source
              .eventLoop()
              .schedule(
                  () -> {
                    timerSet = false;
                    pump();
                  },
                  waitNanos,
                  TimeUnit.NANOSECONDS);
    }
  }
}
