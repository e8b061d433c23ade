package dev.holdfast.lab;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A TCP relay on the loopback address with fault injection: forwards every connection to a target,
 * and breaks the path on demand.
 *
 * <p>Switches take effect in the order of the calls; each has taken effect when its call returns,
 * because everything runs on one event loop. A cut concerns open connections only. Stalls, delays
 * and refusals hold until {@link #heal()}, for new connections too. {@link RelayConnection} has the
 * same switches for one connection. A stalled direction reads nothing more, so the sender's kernel
 * buffers fill and its writes block, as behind a path that drops packets; but the kernel
 * acknowledges the bytes that it has accepted. Pipes and loop are those of the {@link Middlebox}.
 * Thread-safe.
 */
public final class TcpRelay implements AutoCloseable {
  private static final Duration BIND_PAUSE = Duration.ofMillis(20);

  // NIO everywhere: a stalled direction is read no more, but its bytes are acknowledged.
  private final LabEventLoop loop = new LabEventLoop(false);
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final Map<RelayDirection, AtomicLong> bytes = new EnumMap<>(RelayDirection.class);
  private final Map<Integer, RelayConnection> connections = new LinkedHashMap<>();
  // What new connections begin with; used on the loop only, as the connections are.
  private final Set<RelayDirection> stalled = EnumSet.noneOf(RelayDirection.class);
  private final Map<RelayDirection, Duration> delays = new EnumMap<>(RelayDirection.class);
  private final Map<RelayDirection, Long> limits = new EnumMap<>(RelayDirection.class);
  private final InetSocketAddress address;
  private volatile InetSocketAddress target;
  private @Nullable Channel listener;
  private boolean refusing;

  private TcpRelay(int port, InetSocketAddress target) {
    this.target = target;
    for (RelayDirection direction : RelayDirection.values()) {
      bytes.put(direction, new AtomicLong());
    }
    address = bind(port);
  }

  /** Starts a relay on a free port. */
  public static TcpRelay to(InetSocketAddress target) {
    return new TcpRelay(0, target);
  }

  /** Starts a relay to a port of the loopback address. */
  public static TcpRelay toPort(int port) {
    return to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /** The address on which the relay listens. */
  public InetSocketAddress address() {
    return address;
  }

  public int port() {
    return address.getPort();
  }

  /** Forwards new connections to another target. */
  public void retarget(InetSocketAddress value) {
    target = value;
  }

  /** Resets every open connection on both sides. */
  public void cut() {
    onEach(RelayConnection::cutOnLoop);
  }

  /** As {@link RelayConnection#close()}, for every open connection. */
  public void closeConnections() {
    onEach(RelayConnection::closeOnLoop);
  }

  /** Lets nothing through from now on, on any connection, and closes none: half-open both ways. */
  public void stall() {
    stall(RelayDirection.TO_SERVER);
    stall(RelayDirection.TO_CLIENT);
  }

  /** Lets nothing through in one direction from now on. */
  public void stall(RelayDirection direction) {
    loop.call(
        () -> {
          stalled.add(direction);
          open().forEach(c -> c.stallOnLoop(direction));
        });
  }

  /** Resets new connections as soon as they come; open ones stay. */
  public void refuseNew() {
    loop.call(() -> refusing = true);
  }

  /** Closes the listening socket, so that the kernel refuses new connections; open ones stay. */
  public void stopListening() {
    Channel open = loop.ask(() -> listener);
    if (open != null) {
      open.close().awaitUninterruptibly(LabEventLoop.CALL_TIMEOUT.toMillis());
      loop.call(() -> listener = null);
      awaitRefusal();
    }
  }

  /** Holds everything back for some time in one direction; the order stays. */
  public void delay(RelayDirection direction, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException("delay: " + value + " (expected: >= 0)");
    }
    loop.call(
        () -> {
          delays.put(direction, value);
          open().forEach(c -> c.delayOnLoop(direction, value));
        });
  }

  /**
   * Stalls a connection in one direction once it has let so many bytes through: open ones count
   * from now on, new ones from their start.
   */
  public void limit(RelayDirection direction, long byteCount) {
    if (byteCount < 0) {
      throw new IllegalArgumentException("byteCount: " + byteCount + " (expected: >= 0)");
    }
    loop.call(
        () -> {
          limits.put(direction, byteCount);
          open().forEach(c -> c.limitOnLoop(direction, byteCount));
        });
  }

  /** Ends everything but cuts: what was held back goes on, and the socket listens again. */
  public void heal() {
    boolean listens =
        loop.ask(
            () -> {
              refusing = false;
              stalled.clear();
              delays.clear();
              limits.clear();
              open().forEach(RelayConnection::healOnLoop);
              return listener != null;
            });
    if (!listens) {
      bind(port());
    }
  }

  /** The connections that are open, oldest first. */
  public List<RelayConnection> connections() {
    return loop.ask(this::open);
  }

  /** Connections accepted so far, those that were refused not counted. */
  public int acceptedCount() {
    return accepted.get();
  }

  /** Connections that {@link #refuseNew} reset. */
  public int refusedCount() {
    return refused.get();
  }

  /** Bytes that were let through so far. */
  public long byteCount(RelayDirection direction) {
    return count(direction).get();
  }

  /** Resets all connections and stops the relay. */
  @Override
  public void close() {
    cut();
    stopListening();
    loop.stop();
  }

  // For connections.

  LabEventLoop loop() {
    return loop;
  }

  InetSocketAddress target() {
    return target;
  }

  void removed(RelayConnection connection) {
    connections.remove(connection.number());
  }

  AtomicLong count(RelayDirection direction) {
    return Objects.requireNonNull(bytes.get(direction));
  }

  private void onEach(Consumer<RelayConnection> action) {
    loop.call(() -> open().forEach(action));
  }

  // A copy, because what is done to a connection may remove it.
  private List<RelayConnection> open() {
    return List.copyOf(connections.values());
  }

  private void onAccepted(SocketChannel client) {
    if (refusing) {
      refused.incrementAndGet();
      Sockets.reset(client);
      return;
    }
    RelayConnection connection = new RelayConnection(this, accepted.incrementAndGet(), client);
    connections.put(connection.number(), connection);
    stalled.forEach(connection::stallOnLoop);
    delays.forEach(connection::delayOnLoop);
    limits.forEach(connection::limitOnLoop);
    connection.open();
  }

  // A closed socket of NIO goes on listening until the next select of its selector; a caller that
  // must be able to rely on the refusal.
  private void awaitRefusal() {
    long beganNanos = System.nanoTime();
    IOException last = null;
    while (System.nanoTime() - beganNanos < LabEventLoop.CALL_TIMEOUT.toNanos()) {
      try (Socket probe = new Socket()) {
        probe.connect(address, (int) LabEventLoop.CALL_TIMEOUT.toMillis());
      } catch (ConnectException refusal) {
        return;
      } catch (IOException e) {
        // Reset while it was being opened: the socket is about to close.
        last = e;
      }
    }
    throw new IllegalStateException(
        "the relay still listens after " + LabEventLoop.CALL_TIMEOUT, last);
  }

  /**
   * Again and again for a while: a child process that this one starts at the moment has what was
   * closed still open until it becomes its program.
   */
  private InetSocketAddress bind(int port) {
    long beganNanos = System.nanoTime();
    ChannelFuture bound = bindOnce(port);
    while (!bound.isSuccess()
        && System.nanoTime() - beganNanos < LabEventLoop.CALL_TIMEOUT.toNanos()) {
      LockSupport.parkNanos(BIND_PAUSE.toNanos());
      bound = bindOnce(port);
    }
    if (!bound.isSuccess()) {
      throw new IllegalStateException("can't listen on port " + port, bound.cause());
    }
    Channel listening = bound.channel();
    loop.call(() -> listener = listening);
    return (InetSocketAddress) listening.localAddress();
  }

  private ChannelFuture bindOnce(int port) {
    return ListeningPorts.listening(loop, this::onAccepted)
        .bind(InetAddress.getLoopbackAddress(), port)
        .awaitUninterruptibly();
  }
}
