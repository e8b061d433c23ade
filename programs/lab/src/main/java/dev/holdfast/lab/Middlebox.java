package dev.holdfast.lab;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.annotation.Limit;
import io.netty.channel.ChannelFuture;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.socket.SocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A user-space middlebox with fault injection: a port on the loopback address that forwards its
 * connections to a target as {@link PathFaults} say. Needs no privileges and no kernel modules.
 * {@link TcpRelay} is the simpler variant on the same pipes, with switches instead of timers.
 *
 * <p>With epoll, a dropped connection behaves as on a real path: the kernel discards the segments
 * of either side without an acknowledgement, and TCP keepalive counts as traffic where the faults
 * say so. Where epoll is missing, the kernel goes on acknowledging. In both cases each side's TCP
 * ends at the middlebox: bytes that it has acknowledged may not have reached the other side.
 *
 * <p>One event loop carries all connections. Thread-safe; {@link #faults(PathFaults)} and the other
 * changes have taken effect when the call returns.
 */
public final class Middlebox implements AutoCloseable {
  /** Connections at a time; the next one is reset. */
  @Limit(of = "connections through a middlebox at a time", then = "the next one is reset")
  public static final int MAX_FLOWS = 4_000;

  private static final Logger log = LoggerFactory.getLogger(Middlebox.class);

  private final LabEventLoop loop;
  private final InetSocketAddress target;
  private final ListeningPorts listeningPorts;
  private final Consumer<FlowEvent> events;
  private final Scheduler scheduler;
  private final long startedNanos;
  private final Map<RelayDirection, AtomicLong> bytes = new EnumMap<>(RelayDirection.class);
  private final AtomicLong resets = new AtomicLong();
  private final AtomicLong closed = new AtomicLong();
  private final AtomicLong streamsEnded = new AtomicLong();
  // On the loop only.
  private final Map<Integer, Flow> flows = new LinkedHashMap<>();
  private final Set<Flow> silenced = new LinkedHashSet<>();
  private PathFaults faults;
  private boolean pulled;
  private int opened;

  private Middlebox(Builder builder) {
    loop = new LabEventLoop(builder.epoll && Epoll.isAvailable());
    target = builder.target;
    faults = builder.faults;
    events = builder.events;
    scheduler = builder.scheduler != null ? builder.scheduler : new LoopScheduler(loop.eventLoop());
    startedNanos = nanoTime();
    for (RelayDirection direction : RelayDirection.values()) {
      bytes.put(direction, new AtomicLong());
    }
    listeningPorts = new ListeningPorts(loop, this::onAccepted);
    try {
      listeningPorts.open(builder.host, builder.port, builder.portCount);
    } catch (IllegalStateException e) {
      loop.stop();
      throw e;
    }
  }

  /** Creates a builder of a middlebox in front of a target. */
  public static Builder to(InetSocketAddress target) {
    return new Builder(target);
  }

  /** Creates a builder of a middlebox in front of a port of the loopback address. */
  public static Builder toPort(int port) {
    return to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /** Where it listens, first of all. */
  public InetSocketAddress address() {
    return listeningPorts.first();
  }

  public int port() {
    return address().getPort();
  }

  /** All ports it listens on. */
  public List<Integer> ports() {
    return listeningPorts.ports();
  }

  /** Whether dropped connections are not even acknowledged, and TCP keepalive is seen. */
  public boolean isFaithful() {
    return loop.isEpoll();
  }

  /** Changes the faults now, for open connections too; what is forgotten stays forgotten. */
  public void faults(PathFaults value) {
    loop.call(
        () -> {
          faults = value;
          open().forEach(flow -> flow.apply(value));
        });
  }

  /** The faults that hold now. */
  public PathFaults faults() {
    return loop.ask(() -> faults);
  }

  /** Drops every open connection silently; new ones pass. */
  public void forgetFlows() {
    loop.call(
        () -> open().forEach(flow -> flow.forget(FlowEvent.FlowEventKind.FORGOTTEN, "on request")));
  }

  /** Resets every open connection on both sides; new ones pass. */
  public void resetFlows() {
    loop.call(
        () -> open().forEach(flow -> flow.reset(FlowEvent.FlowEventKind.RESET, "on request")));
  }

  /**
   * Simulates a pulled cable: until {@link #plugIn()} nothing passes, on open connections and on
   * new ones. With epoll, even acknowledgements and the SYN of a new connection are dropped;
   * elsewhere the kernel goes on acknowledging and accepting.
   */
  public void pullOut() {
    pull(true);
  }

  /** Ends {@link #pullOut()}: held bytes are forwarded, and retransmissions are received. */
  public void plugIn() {
    pull(false);
  }

  public MiddleboxCounts counts() {
    return loop.ask(
        () ->
            new MiddleboxCounts(
                opened,
                flows.size() - silenced.size(),
                silenced.size(),
                resets.get(),
                closed.get(),
                streamsEnded.get(),
                count(RelayDirection.TO_SERVER).get(),
                count(RelayDirection.TO_CLIENT).get()));
  }

  /** Resets all connections and stops the middlebox. */
  @Override
  public void close() {
    listeningPorts.close(LabEventLoop.CALL_TIMEOUT);
    loop.call(
        () -> open().forEach(flow -> flow.reset(FlowEvent.FlowEventKind.RESET, "the lab stops")));
    loop.stop();
  }

  // For flows; on the loop.

  long nanoTime() {
    return scheduler.clock().nanoTime();
  }

  void after(long nanos, Runnable task) {
    var unused =
        scheduler.schedule(
            Duration.ofNanos(nanos),
            () -> {
              if (loop.eventLoop().inEventLoop()) {
                task.run();
              } else if (!loop.eventLoop().isShuttingDown()) {
                loop.eventLoop().execute(task);
              }
            });
  }

  void afterReally(long nanos, Runnable task) {
    var unused = loop.eventLoop().schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  int flowCount() {
    return flows.size();
  }

  void onPassed(RelayDirection direction, long count) {
    count(direction).addAndGet(count);
  }

  void onResets() {
    resets.incrementAndGet();
  }

  void onClosed() {
    closed.incrementAndGet();
  }

  void onStreamEnded() {
    streamsEnded.incrementAndGet();
  }

  void onSilenced(Flow flow) {
    silenced.add(flow);
  }

  void onEnded(Flow flow) {
    flows.remove(flow.number());
    silenced.remove(flow);
  }

  void onEvent(int flow, FlowEvent.FlowEventKind flowEventKind, String detail) {
    FlowEvent event =
        new FlowEvent(Duration.ofNanos(nanoTime() - startedNanos), flow, flowEventKind, detail);
    log.debug("event=lab_{} flow={} {}", flowEventKind.text(), flow, detail);
    events.accept(event);
  }

  private void pull(boolean value) {
    loop.call(
        () -> {
          pulled = value;
          listeningPorts.dropConnectionAttempts(value);
          open().forEach(flow -> flow.pull(value));
        });
  }

  private AtomicLong count(RelayDirection direction) {
    return Objects.requireNonNull(bytes.get(direction));
  }

  // A copy, because what is done to a flow may remove it.
  private List<Flow> open() {
    return List.copyOf(flows.values());
  }

  private void onAccepted(SocketChannel client) {
    int number = ++opened;
    if (flows.size() >= MAX_FLOWS) {
      onEvent(number, FlowEvent.FlowEventKind.TOO_MANY, "more than " + MAX_FLOWS);
      Sockets.reset(client);
      return;
    }
    Flow flow = new Flow(this, number, client, faults);
    flows.put(number, flow);
    flow.pull(pulled);
    client.pipeline().addLast(flow.pipe(RelayDirection.TO_SERVER).reader());
    ChannelFuture connected = loop.connect(target, flow.pipe(RelayDirection.TO_CLIENT).reader());
    connected.addListener(
        done -> {
          if (done.isSuccess()) {
            flow.opened((SocketChannel) connected.channel());
          } else {
            flow.refusedByTarget();
          }
        });
  }

  /** A builder of a middlebox. Not thread-safe. */
  public static final class Builder {
    private final InetSocketAddress target;
    private InetAddress host = InetAddress.getLoopbackAddress();
    private int port;
    private int portCount = 1;
    private PathFaults faults = PathFaults.NONE;
    private Consumer<FlowEvent> events = event -> {};
    private boolean epoll = true;
    private @Nullable Scheduler scheduler;

    private Builder(InetSocketAddress target) {
      this.target = target;
    }

    /** Where it listens on the loopback address; 0, a free one, by default. */
    public Builder port(int value) {
      if (value < 0 || value > 65_535) {
        throw new IllegalArgumentException("port: " + value + " (expected: 0 to 65535)");
      }
      port = value;
      return this;
    }

    /** On how many ports it listens, all but the first of them free ones; 1 by default. */
    public Builder ports(int value) {
      if (value < 1 || value > MAX_FLOWS) {
        throw new IllegalArgumentException(
            "ports: " + value + " (expected: 1 to " + MAX_FLOWS + ")");
      }
      portCount = value;
      return this;
    }

    /** The loopback address it listens on, such as that of IPv6; the JDK's own by default. */
    public Builder host(InetAddress value) {
      if (!value.isLoopbackAddress()) {
        throw new IllegalArgumentException("host: " + value + " (expected: a loopback address)");
      }
      host = value;
      return this;
    }

    /** A perfect path by default. */
    public Builder faults(PathFaults value) {
      faults = value;
      return this;
    }

    /** The listener of events, called on the event loop, so it must not block. */
    public Builder events(Consumer<FlowEvent> value) {
      events = value;
      return this;
    }

    /** False: NIO even where epoll is there; see the class about what is lost. */
    public Builder epoll(boolean value) {
      epoll = value;
      return this;
    }

    /**
     * Whose time counts; that of the machine by default. Under virtual time let idle times count
     * {@link PathFaults.CountedTraffic#BYTES}: when the kernel acknowledges is not virtual.
     */
    public Builder scheduler(Scheduler value) {
      scheduler = value;
      return this;
    }

    /**
     * Opens the ports and starts the middlebox.
     *
     * @throws IllegalStateException when the port is taken
     */
    public Middlebox start() {
      return new Middlebox(this);
    }
  }
}
