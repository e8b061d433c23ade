package dev.holdfast.lab;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.SocketChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection through a {@link TcpRelay}, with the relay's switches for this connection alone.
 * Thread-safe; a switch has taken effect when its call returns.
 */
public final class RelayConnection {
  private static final Logger log = LoggerFactory.getLogger(RelayConnection.class);

  private final TcpRelay relay;
  private final int number;
  private final SocketChannel client;
  private final long openedNanos = System.nanoTime();
  private final Map<RelayDirection, FlowPipe> pipes = new EnumMap<>(RelayDirection.class);
  private final Map<RelayDirection, AtomicLong> bytes = new EnumMap<>(RelayDirection.class);
  // All below are used on the loop only.
  private final Set<RelayDirection> resets = EnumSet.noneOf(RelayDirection.class);
  private @Nullable SocketChannel server;
  private boolean gone;
  private boolean byReset;

  RelayConnection(TcpRelay relay, int number, SocketChannel client) {
    this.relay = relay;
    this.number = number;
    this.client = client;
    PipeEvents events = new PipeEvents();
    for (RelayDirection direction : RelayDirection.values()) {
      pipes.put(direction, new FlowPipe(events, direction, link(Duration.ZERO)));
      bytes.put(direction, new AtomicLong());
    }
  }

  /** Its place among all connections that the relay accepted, from 1. */
  public int number() {
    return number;
  }

  /** The client's address of this connection. */
  public InetSocketAddress clientAddress() {
    return client.remoteAddress();
  }

  /** Bytes that were let through so far. */
  public long byteCount(RelayDirection direction) {
    return count(direction).get();
  }

  /** Resets the connection on both sides. */
  public void cut() {
    relay.loop().call(this::cutOnLoop);
  }

  /**
   * Closes the connection on both sides, with a FIN; the kernel sends a reset instead where bytes
   * are unread.
   */
  public void close() {
    relay.loop().call(this::closeOnLoop);
  }

  /** Lets nothing through from now on and closes nothing. */
  public void stall() {
    stall(RelayDirection.TO_SERVER);
    stall(RelayDirection.TO_CLIENT);
  }

  /** Lets nothing through in one direction from now on. */
  public void stall(RelayDirection direction) {
    relay.loop().call(() -> stallOnLoop(direction));
  }

  /** Holds everything back for some time in one direction. */
  public void delay(RelayDirection direction, Duration value) {
    relay.loop().call(() -> delayOnLoop(direction, value));
  }

  /** Stalls one direction once so many more bytes were let through. */
  public void limit(RelayDirection direction, long byteCount) {
    relay.loop().call(() -> limitOnLoop(direction, byteCount));
  }

  /** Ends stalls, delays and limits; what was held back goes on. */
  public void heal() {
    relay.loop().call(this::healOnLoop);
  }

  // All below run on the loop.

  void open() {
    client.pipeline().addLast(pipe(RelayDirection.TO_SERVER).reader());
    ChannelFuture connected =
        relay.loop().connect(relay.target(), pipe(RelayDirection.TO_CLIENT).reader());
    var unused =
        connected.addListener(
            done -> {
              if (done.isSuccess()) {
                opened((SocketChannel) connected.channel());
              } else {
                log.debug("event=relay_connect_failed target={}", relay.target(), done.cause());
                onReset(RelayDirection.TO_CLIENT);
              }
            });
  }

  private void opened(SocketChannel target) {
    if (gone) {
      // It was ended while it was being opened.
      end(target);
      return;
    }
    server = target;
    pipe(RelayDirection.TO_SERVER).connect(client, target);
    pipe(RelayDirection.TO_CLIENT).connect(target, client);
  }

  void cutOnLoop() {
    leave(true);
  }

  void closeOnLoop() {
    leave(false);
  }

  void stallOnLoop(RelayDirection direction) {
    pipe(direction).stall(true);
  }

  void delayOnLoop(RelayDirection direction, Duration value) {
    pipe(direction).shape(link(value), FlowPipe.NO_LIMIT);
  }

  void limitOnLoop(RelayDirection direction, long byteCount) {
    pipe(direction).limit(byteCount);
    resume();
  }

  void healOnLoop() {
    for (FlowPipe pipe : pipes.values()) {
      pipe.stall(false);
      pipe.limit(FlowPipe.NO_LIMIT);
      // Bytes that were delayed already keep their time, so that the order stays.
      pipe.shape(link(Duration.ZERO), FlowPipe.NO_LIMIT);
    }
    resume();
  }

  // A reset is a packet too: it does not get through a blocked direction.
  private void onReset(RelayDirection from) {
    resets.add(from);
    resume();
  }

  private void resume() {
    if (resets.stream().allMatch(from -> pipe(from).isBlocked())) {
      pipes.values().forEach(FlowPipe::pump);
    } else {
      cutOnLoop();
    }
  }

  private void leave(boolean withReset) {
    if (gone) {
      return;
    }
    gone = true;
    byReset = withReset;
    pipes.values().forEach(FlowPipe::discard);
    relay.removed(this);
    end(client);
    end(server);
  }

  private void end(@Nullable SocketChannel channel) {
    if (byReset) {
      Sockets.reset(channel);
    } else {
      Sockets.close(channel);
    }
  }

  private FlowPipe pipe(RelayDirection direction) {
    return Objects.requireNonNull(pipes.get(direction));
  }

  private AtomicLong count(RelayDirection direction) {
    return Objects.requireNonNull(bytes.get(direction));
  }

  private static LinkDelayModel link(Duration delay) {
    PathFaults faults = PathFaults.builder().latency(delay, Duration.ZERO).build();
    return new LinkDelayModel(faults, 0, () -> 0);
  }

  /** The pipes' view of this connection, which hands everything on unless it is blocked. */
  private final class PipeEvents implements PipeConnection {
    @Override
    public void onBytes(RelayDirection from, ByteBuf received) {
      pipe(from).hold(received);
    }

    @Override
    public void onEnd(RelayDirection from) {
      pipe(from).holdEnd();
    }

    @Override
    public void onReset(RelayDirection from) {
      RelayConnection.this.onReset(from);
    }

    @Override
    public void onPassed(RelayDirection direction, long byteCount) {
      count(direction).addAndGet(byteCount);
      relay.count(direction).addAndGet(byteCount);
    }

    @Override
    public void onPipeEnded() {
      if (pipes.values().stream().allMatch(FlowPipe::hasEnded)) {
        closeOnLoop();
      }
    }

    @Override
    public void cut(long atByte) {
      cutOnLoop();
    }

    @Override
    public void pump() {
      resume();
    }

    @Override
    public long elapsedNanos() {
      return System.nanoTime() - openedNanos;
    }

    @Override
    public void after(long nanos, Runnable task) {
      var unused =
          client
              .eventLoop()
              .schedule(
                  () -> {
                    if (!gone) {
                      task.run();
                    }
                  },
                  nanos,
                  TimeUnit.NANOSECONDS);
    }
  }
}
