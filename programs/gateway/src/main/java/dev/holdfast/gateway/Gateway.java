package dev.holdfast.gateway;

import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.health.HealthChecks;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.listener.Listeners;
import dev.holdfast.gateway.listener.ListeningSocket;
import dev.holdfast.gateway.listener.ListeningSocketReceiver;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.loop.LoopView;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import dev.holdfast.gateway.traffic.CallStatistics;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessMeters;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running gateway: listens, forwards requests, and takes a new snapshot of its configuration at
 * any time. Thread-safe.
 *
 * <p>Each client connection belongs to one event loop, and so do the upstream connections that
 * carry its requests.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Gateway.class);

  private final EventLoopGroup threads;
  private final IdentityHashMap<EventExecutor, ForwardingLoop> loops = new IdentityHashMap<>();
  private final Listeners listeners;
  private final DrainTimes drain;
  private final CallStatistics callStatistics;
  private final HealthChecks health;
  private final long openedNanos = System.nanoTime();
  private final Object lock = new Object();
  private @Nullable CompletableFuture<Void> drained;
  private volatile GatewaySnapshot snapshot;

  private Gateway(
      GatewayOptions options,
      GatewaySnapshot snapshot,
      GatewayMemory memory,
      List<ListeningSocket> inherited)
      throws IOException {
    GatewayMeters meters = new GatewayMeters(options.meters());
    this.snapshot = snapshot;
    this.drain = options.drain();
    IoHandlerFactory io =
        Epoll.isAvailable() ? GatewayEpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.threads =
        ClosingEventLoopGroup.of(
            options.threads(), new DefaultThreadFactory("holdfast-gateway", true), io);
    this.callStatistics = meters.callStatistics();
    this.health = new HealthChecks(options.meters(), options.liveness());
    ForwardingLoop.ConnectionMonitoring connectionMonitoring =
        new ForwardingLoop.ConnectionMonitoring(
            options.liveness(),
            LivenessMeters.on(options.meters(), ConnectionRole.SERVER),
            LivenessMeters.on(options.meters(), ConnectionRole.CLIENT),
            meters,
            options.connections());
    for (EventExecutor each : threads) {
      loops.put(
          each, new ForwardingLoop((EventLoop) each, this::snapshot, connectionMonitoring, memory));
    }
    this.listeners = new Listeners(threads, loops, options.frontend().orElse(null), inherited);
    try {
      listeners.use(options.listeners(), () -> {});
    } catch (IOException e) {
      listeners.close();
      var unused = threads.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw e;
    }
    health.use(snapshot.clusters(), snapshot.health());
  }

  /**
   * Opens a gateway, which listens and forwards from now on.
   *
   * @throws IOException when an address cannot be bound
   */
  public static Gateway open(GatewayOptions options, GatewaySnapshot snapshot) throws IOException {
    return open(options, snapshot, List.of());
  }

  /** Opens a gateway with a memory bound of its own; for tests. */
  static Gateway open(GatewayOptions options, GatewaySnapshot snapshot, GatewayMemory memory)
      throws IOException {
    return new Gateway(options, snapshot, memory, List.of());
  }

  /**
   * Opens a gateway with listening sockets of another process. A listener with the address of one
   * uses it; sockets that no listener wants are closed.
   *
   * @throws IOException when an address cannot be bound
   */
  public static Gateway open(
      GatewayOptions options, GatewaySnapshot snapshot, List<ListeningSocket> inherited)
      throws IOException {
    return new Gateway(options, snapshot, GatewayMemory.ofProcess(), inherited);
  }

  /**
   * Lends the listening sockets to a receiver that hands them on; changes of the listeners wait
   * meanwhile.
   *
   * @throws IOException of the receiver
   */
  public void lendListeningSockets(ListeningSocketReceiver taker) throws IOException {
    listeners.lendListeningSockets(taker);
  }

  /** The bound address of the first listener. */
  public InetSocketAddress address() {
    return addresses().get(0);
  }

  /** The bound addresses, in the order of the listeners. */
  public List<InetSocketAddress> addresses() {
    return listeners.addresses();
  }

  /**
   * Replaces the listeners. A listener whose address stays keeps its socket, and its TLS counts
   * from the next handshake. Connections of a removed listener stay until they end.
   *
   * @param listenerOptions at least one
   * @throws IOException when an address cannot be bound; then nothing has changed
   */
  public void listen(List<ListenerOptions> listenerOptions) throws IOException {
    listen(listenerOptions, () -> {});
  }

  /**
   * Replaces the listeners together with another change that may fail.
   *
   * @param ready makes that change, after all new sockets are bound and before any of them accepts;
   *     if it throws, nothing has changed
   * @throws IOException when an address cannot be bound; then nothing has changed
   */
  public void listen(List<ListenerOptions> listenerOptions, Runnable ready) throws IOException {
    if (listenerOptions.isEmpty()) {
      throw new IllegalArgumentException("listeners: none (expected: at least one)");
    }
    listeners.use(listenerOptions, ready);
  }

  /** The configuration snapshot that new requests use. */
  public GatewaySnapshot snapshot() {
    return snapshot;
  }

  /** Whether the gateway is draining. */
  public boolean isDraining() {
    synchronized (lock) {
      return drained != null;
    }
  }

  /** The time since the gateway was opened. */
  public Duration uptime() {
    return Duration.ofNanos(System.nanoTime() - openedNanos);
  }

  /**
   * A view of each event loop, taken on that loop; without the loops that do not answer in time.
   *
   * @param atMost the longest wait for the event loops
   */
  public CompletableFuture<List<LoopView>> views(Duration atMost) {
    List<CompletableFuture<LoopView>> asked = new ArrayList<>();
    loops.forEach(
        (thread, loop) -> {
          // After the drain there is nothing to be seen, and nobody to ask.
          if (!thread.isShuttingDown()) {
            asked.add(CompletableFuture.supplyAsync(loop::view, task -> submit(thread, task)));
          }
        });
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, atMost.toNanos(), TimeUnit.NANOSECONDS)
        .handle(
            (all, failure) ->
                asked.stream()
                    .filter(each -> each.isDone() && !each.isCompletedExceptionally())
                    .map(CompletableFuture::join)
                    .toList());
  }

  /** Runs a task on an event loop; a loop that is shutting down drops it. */
  private static void submit(EventExecutor thread, Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("event=loop_view_rejected cause=\"{}\"", e.getMessage());
    }
  }

  /**
   * Releases the spare memory of all gateways in this process, for example after a peak of clients.
   * Each event loop does so in a task of its own.
   */
  public static void releaseSpareMemory() {
    GatewayMemory.ofProcess()
        .runOnLoops(
            () -> {
              ForwardingLoop.releaseSpareBuffers();
              HttpFrontend.releaseBuffers();
            });
  }

  /** The statistics of the gateway's calls. */
  public CallStatistics callStatistics() {
    return callStatistics;
  }

  /**
   * Applies a snapshot to requests that begin from now on; requests in flight finish with the one
   * they began with.
   */
  public void apply(GatewaySnapshot next) {
    snapshot = next;
    health.use(next.clusters(), next.health());
    loops.forEach((thread, loop) -> thread.execute(() -> loop.retain(next.clusters().values())));
  }

  /**
   * Stops listening and lets calls end, as {@link DrainTimes} says.
   *
   * @return completes when the last connection is closed and the threads have ended
   */
  public CompletableFuture<Void> drain() {
    synchronized (lock) {
      CompletableFuture<Void> known = drained;
      if (known == null) {
        known = beginDrain();
        drained = known;
      }
      return known;
    }
  }

  /** Drains, and returns when that is done. */
  @Override
  public void close() {
    drain().join();
  }

  private CompletableFuture<Void> beginDrain() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    AtomicInteger left = new AtomicInteger(loops.size());
    listeners.close();
    loops.values().forEach(loop -> drain(loop, left, done));
    return done;
  }

  private void drain(ForwardingLoop loop, AtomicInteger left, CompletableFuture<Void> done) {
    loop.eventLoop()
        .execute(
            () -> {
              var unused =
                  loop.drain(drain.acknowledge(), drain.unary(), drain.streams())
                      .addListener(
                          drained -> {
                            if (left.decrementAndGet() == 0) {
                              endThreads(done);
                            }
                          });
            });
  }

  private void endThreads(CompletableFuture<Void> done) {
    health.close();
    var unused =
        threads
            .shutdownGracefully(0, 1, TimeUnit.SECONDS)
            .addListener(ended -> done.complete(null));
  }
}
