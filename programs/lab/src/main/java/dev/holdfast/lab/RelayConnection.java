package dev.holdfast.lab;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection through a {@link TcpRelay}, with the relay's switches for this connection alone.
 * Thread-safe; a switch has taken effect when its call returns.
 */
public final class RelayConnection {
  private static final Logger log = LoggerFactory.getLogger(RelayConnection.class);
  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

  private final TcpRelay relay;
  private final int number;
  private final SocketChannel client;
  private final EventLoopGroup loop;
  private final Map<RelayDirection, RelayPipe> pipes = new EnumMap<>(RelayDirection.class);
  private @Nullable SocketChannel server;
  private boolean gone;
  private boolean byReset;

  RelayConnection(TcpRelay relay, int number, SocketChannel client, EventLoopGroup loop) {
    this.relay = relay;
    this.number = number;
    this.client = client;
    this.loop = loop;
    for (RelayDirection direction : RelayDirection.values()) {
      pipes.put(direction, new RelayPipe(this, relay.count(direction)));
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
    return pipe(direction).byteCount();
  }

  /** Resets the connection on both sides. */
  public void cut() {
    relay.call(this::cutOnLoop);
  }

  /**
   * Closes the connection on both sides, with a FIN; the kernel sends a reset instead where bytes
   * are unread.
   */
  public void close() {
    relay.call(this::closeOnLoop);
  }

  /** Lets nothing through from now on and closes nothing. */
  public void stall() {
    stall(RelayDirection.TO_SERVER);
    stall(RelayDirection.TO_CLIENT);
  }

  /** Lets nothing through in one direction from now on. */
  public void stall(RelayDirection direction) {
    relay.call(() -> stallOnLoop(direction));
  }

  /** Holds everything back for some time in one direction. */
  public void delay(RelayDirection direction, Duration value) {
    relay.call(() -> delayOnLoop(direction, value));
  }

  /** Stalls one direction once so many more bytes were let through. */
  public void limit(RelayDirection direction, long byteCount) {
    relay.call(() -> limitOnLoop(direction, byteCount));
  }

  /** Ends stalls, delays and limits; what was held back goes on. */
  public void heal() {
    relay.call(this::healOnLoop);
  }

  void open() {
    client.pipeline().addLast(pipe(RelayDirection.TO_SERVER).reader());
    ChannelFuture connected =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    ChannelHandler reader = pipe(RelayDirection.TO_CLIENT).reader();
                    channel.pipeline().addLast(reader);
                  }
                })
            .connect(relay.target());
    var unused =
        connected.addListener(
            done -> {
              SocketChannel opened = (SocketChannel) connected.channel();
              if (gone) {
                // It was ended while it was being opened.
                end(opened);
                return;
              }
              if (!done.isSuccess()) {
                log.debug("event=relay_connect_failed target={}", relay.target(), done.cause());
                pipe(RelayDirection.TO_CLIENT).onReset();
                return;
              }
              server = opened;
              pipe(RelayDirection.TO_SERVER).connect(client, opened);
              pipe(RelayDirection.TO_CLIENT).connect(opened, client);
            });
  }

  // All below run on the loop.

  void cutOnLoop() {
    leave(true);
  }

  void closeOnLoop() {
    leave(false);
  }

  /** A socket can take more, or there is more to take. */
  void pumpOnLoop() {
    pipes.values().forEach(RelayPipe::pump);
  }

  /** Both directions have ended by themselves. */
  void endedOnLoop() {
    if (pipes.values().stream().allMatch(RelayPipe::hasEnded)) {
      closeOnLoop();
    }
  }

  void stallOnLoop(RelayDirection direction) {
    pipe(direction).stall();
  }

  void delayOnLoop(RelayDirection direction, Duration value) {
    pipe(direction).delay(value);
  }

  void limitOnLoop(RelayDirection direction, long byteCount) {
    pipe(direction).limit(byteCount);
  }

  void healOnLoop() {
    pipes.values().forEach(RelayPipe::heal);
  }

  private void leave(boolean withReset) {
    if (gone) {
      return;
    }
    gone = true;
    byReset = withReset;
    pipes.values().forEach(RelayPipe::discard);
    relay.removed(this);
    end(client);
    if (server != null) {
      end(server);
    }
  }

  private RelayPipe pipe(RelayDirection direction) {
    return Objects.requireNonNull(pipes.get(direction));
  }

  private void end(SocketChannel channel) {
    if (byReset && channel.isOpen()) {
      // A linger time of zero makes the kernel send RST instead of FIN.
      channel.config().setSoLinger(0);
    }
    var unused = channel.close();
  }
}
