package dev.holdfast.grpc;

import dev.holdfast.admin.ProcessState;
import dev.holdfast.core.DrainSignal;
import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.grpc.internal.admin.AdminSetting;
import dev.holdfast.grpc.internal.meter.GrpcMeter;
import dev.holdfast.hooks.ServerHooks;
import io.grpc.Context;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A gRPC server that is in its registries while it serves, and leaves in an order that costs no
 * call.
 *
 * <p>Starting: bind, health SERVING, register. Stopping: health NOT_SERVING, mark the records as
 * draining and remove them, wait for the change to spread while calls are still taken, tell open
 * streams by {@link #DRAIN}, GOAWAY, let calls finish, cut what is left when the grace time ends.
 * {@link #shutdown()} begins that and returns; {@link #awaitTermination()} waits for its end.
 *
 * <p>Thread-safe.
 */
public final class HoldfastServer extends ForwardingServer {

  /** A state in the life of a server. */
  public enum ServerState {
    /** The server has not been started. */
    NEW(0),
    /** The server listens, is healthy, and is registered or about to be. */
    SERVING(1),
    /**
     * The server is not healthy any more. Its records are being removed; calls are still accepted.
     */
    WITHDRAWING(2),
    /** The records are removed; calls of clients that do not know yet are still accepted. */
    SPREADING(3),
    /** The server accepts no new calls; open calls may end. */
    FINISHING(4),
    /** The last call has ended. */
    TERMINATED(5);

    private final int code;

    ServerState(int code) {
      this.code = code;
    }
  }

  /**
   * The Context key of the signal that the server is about to stop, or that the connection has
   * reached the {@link HoldfastServerBuilder#maxConnectionAge} of the builder. A handler of a long
   * stream can end it in an orderly way.
   */
  public static final Context.Key<DrainSignal> DRAIN = ServerHooks.DRAIN;

  private static final Logger log = LoggerFactory.getLogger(HoldfastServer.class);

  /**
   * The interval at which a stopping server is polled for its end, because grpc-java has no
   * callback for it.
   */
  private static final Duration END_POLL = Duration.ofMillis(100);

  /** The time that cancelled calls may take to end. */
  @Limit(
      of = "time that calls that were cut may take to end",
      then = "the server is reported as terminated without them")
  private static final Duration CUT_PATIENCE = Duration.ofSeconds(10);

  @Limit(
      of = "time for which a stopping server waits for its drain callbacks",
      then = "it sends GOAWAY while they run on")
  static final Duration DRAIN_CALLBACK_PATIENCE = Duration.ofSeconds(5);

  private final ServerComponents serverComponents;
  private final Scheduler scheduler;
  private final Object lock = new Object();
  private volatile ServerState state = ServerState.NEW;
  // grpc forgets its port when it has terminated, but log lines still want it.
  private volatile int port;
  private volatile @Nullable Subscription gauge;
  private volatile @Nullable Subscription drainable;
  private volatile @Nullable Thread shutdownHook;
  private boolean registered;

  /**
   * The parts of a server that its builder made.
   *
   * @param health the health service, whose statuses follow the server's life
   * @param healthNames the services whose health is reported, "" for the server as a whole
   * @param self the view of the server for the streams on it
   * @param calls the counter of open calls
   * @param shutdownHook whether the end of the JVM stops the server
   * @param registerOnStart whether the start registers the server
   * @param admin the admin service of the process, when one is asked for
   */
  record ServerComponents(
      List<ServerRegistration> registrations,
      HealthStatusManager health,
      List<String> healthNames,
      HoldfastServerHooks self,
      OpenCallCounter calls,
      DrainOptions options,
      boolean shutdownHook,
      boolean registerOnStart,
      AdminSetting admin,
      RegistryContext context) {}

  HoldfastServer(Server delegate, ServerComponents serverComponents) {
    super(delegate);
    this.serverComponents = serverComponents;
    this.scheduler = serverComponents.context().scheduler();
  }

  /**
   * Binds, then says SERVING, then registers. A registry that is away doesn't matter: see {@link
   * #registrations()}.
   *
   * @throws IOException when the port can't be bound
   * @throws IllegalArgumentException when an address to advertise was said that makes no sense
   */
  @Override
  public HoldfastServer start() throws IOException {
    serverComponents.registrations().forEach(ServerRegistration::requireSensibleAddress);
    serverComponents
        .admin()
        .start(serverComponents.context().environment())
        .ifPresent(
            admin ->
                serverComponents
                    .registrations()
                    .forEach(registration -> registration.describe(admin.metadata())));
    delegate().start();
    if (!move(ServerState.NEW, ServerState.SERVING)) {
      return this;
    }
    serverComponents
        .healthNames()
        .forEach(name -> serverComponents.health().setStatus(name, ServingStatus.SERVING));
    port = getPort();
    serverComponents.self().listensAt(port);
    if (serverComponents.registerOnStart()) {
      register();
    }
    drainable =
        ProcessState.active()
            .map(
                process ->
                    process.addServer(new ServerRegistration.RegisteredEndpoints(registrations())))
            .orElse(null);
    gauge =
        GrpcMeter.SERVER_STATE.gauge(
            serverComponents.context().meters(), () -> state().code, Integer.toString(port));
    if (serverComponents.shutdownHook()) {
      addShutdownHook();
    }
    log.info(
        "event=server_started port={} targets=\"{}\"",
        port,
        serverComponents.registrations().stream()
            .map(ServerRegistration::target)
            .collect(Collectors.joining(" ")));
    return this;
  }

  /**
   * Registers the server from now on, where the builder said {@link
   * HoldfastServerBuilder#registerOnStart} false. Changes nothing in any state but SERVING, or when
   * the server is registered already.
   */
  public void register() {
    synchronized (lock) {
      if (state != ServerState.SERVING || registered) {
        return;
      }
      registered = true;
    }
    serverComponents.registrations().forEach(registration -> registration.start(port));
  }

  /**
   * Marks the server's endpoints as draining, so that clients send new calls elsewhere, or takes
   * the mark back. Open calls go on, and calls that still arrive are served. Changes nothing but
   * the mark, which {@link #shutdown} does not need.
   */
  public void setDraining(boolean draining) {
    registrations().forEach(registration -> registration.setDraining(draining));
    log.info("event=server_marked port={} draining={}", port, draining);
  }

  /** The current state of the server. */
  public ServerState state() {
    return isTerminated() ? ServerState.TERMINATED : state;
  }

  /** The records the server keeps, in the order they were asked for. */
  public List<ServerRegistration> registrations() {
    return serverComponents.registrations();
  }

  /**
   * The record of a server that keeps one.
   *
   * @throws IllegalStateException when it keeps none or several
   */
  public ServerRegistration registration() {
    if (serverComponents.registrations().size() != 1) {
      throw new IllegalStateException(
          "registrations: " + serverComponents.registrations().size() + " (expected: 1)");
    }
    return serverComponents.registrations().get(0);
  }

  /** Begins to stop, as described above, and returns at once. Calling it again changes nothing. */
  @Override
  public HoldfastServer shutdown() {
    if (move(ServerState.NEW, ServerState.FINISHING)) {
      delegate().shutdown();
    } else if (move(ServerState.SERVING, ServerState.WITHDRAWING)) {
      log.info(
          "event=server_withdrawing port={} open_calls={}", port, serverComponents.calls().count());
      serverComponents.health().enterTerminalState();
      CompletableFuture<Void> gone = withdraw();
      Duration patience = serverComponents.options().withdrawWithin();
      var timeout = scheduler.schedule(patience, () -> gone.complete(null));
      var unused =
          gone.whenComplete(
              (ok, failure) -> {
                timeout.close();
                scheduler.execute(this::spread);
              });
    }
    return this;
  }

  /** Cuts everything now; the records are removed in the background. */
  @Override
  public HoldfastServer shutdownNow() {
    boolean served = move(ServerState.SERVING, ServerState.FINISHING);
    synchronized (lock) {
      state = ServerState.FINISHING;
    }
    if (served) {
      serverComponents.health().enterTerminalState();
      var unused = withdraw();
    }
    cut();
    scheduler.execute(() -> awaitEnd(CUT_PATIENCE.dividedBy(END_POLL)));
    return this;
  }

  @Override
  public boolean isShutdown() {
    ServerState now = state;
    return now != ServerState.NEW && now != ServerState.SERVING;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    boolean ended = super.awaitTermination(timeout, unit);
    if (ended) {
      onTerminated();
    }
    return ended;
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    super.awaitTermination();
    onTerminated();
  }

  private boolean move(ServerState from, ServerState to) {
    synchronized (lock) {
      if (state != from) {
        return false;
      }
      state = to;
      return true;
    }
  }

  private boolean isAnnounced() {
    synchronized (lock) {
      return registered && !serverComponents.registrations().isEmpty();
    }
  }

  private CompletableFuture<Void> withdraw() {
    return CompletableFuture.allOf(
        serverComponents.registrations().stream()
            .map(registration -> registration.withdraw().toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new));
  }

  private void spread() {
    if (!move(ServerState.WITHDRAWING, ServerState.SPREADING)) {
      return;
    }
    Duration spread = isAnnounced() ? serverComponents.options().spread() : Duration.ZERO;
    log.info(
        "event=server_spreading port={} spread={} open_calls={}",
        port,
        spread,
        serverComponents.calls().count());
    var unused = scheduler.schedule(spread, this::finish);
  }

  private void finish() {
    if (!move(ServerState.SPREADING, ServerState.FINISHING)) {
      return;
    }
    Duration grace = serverComponents.options().grace();
    log.info(
        "event=server_finishing port={} open_calls={}", port, serverComponents.calls().count());
    var unused = scheduler.schedule(grace, this::cut);
    // Told before GOAWAY, so that a last message can still say where things stand. Callbacks of
    // users are among those who are told, and one that blocks holds up neither GOAWAY nor timers.
    CompletableFuture<Void> told =
        serverComponents
            .self()
            .drain()
            .begin(grace, OffloadExecutor.shared())
            .toCompletableFuture();
    var timeout = scheduler.schedule(DRAIN_CALLBACK_PATIENCE, () -> told.complete(null));
    var unusedEither =
        told.whenComplete(
            (ok, failure) -> {
              timeout.close();
              scheduler.execute(delegate()::shutdown);
            });
    awaitEnd(grace.plus(CUT_PATIENCE).dividedBy(END_POLL));
  }

  /** Nobody has to call awaitTermination for what belongs to the server to go with it. */
  private void awaitEnd(long checksLeft) {
    if (isTerminated()) {
      onTerminated();
    } else if (checksLeft > 0) {
      var unused = scheduler.schedule(END_POLL, () -> awaitEnd(checksLeft - 1));
    } else {
      log.warn("event=server_not_terminated port={}", port);
    }
  }

  private void cut() {
    if (!isTerminated()) {
      long open = serverComponents.calls().count();
      if (open > 0) {
        log.warn("event=server_cancels_calls port={} open_calls={}", port, open);
        GrpcMeter.SERVER_CALLS_CANCELLED
            .counter(serverComponents.context().meters(), Integer.toString(port))
            .increment((double) open);
      }
      // Handlers that ask learn that there is no time left.
      var unused = serverComponents.self().drain().begin(Duration.ZERO, OffloadExecutor.shared());
      delegate().shutdownNow();
    }
  }

  private synchronized void onTerminated() {
    Subscription shown = gauge;
    if (shown != null) {
      shown.close();
      gauge = null;
      log.info("event=server_terminated port={}", port);
    }
    Subscription listed = drainable;
    if (listed != null) {
      listed.close();
      drainable = null;
    }
    Thread hook = shutdownHook;
    if (hook != null && Thread.currentThread() != hook) {
      shutdownHook = null;
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        log.debug("event=shutdown_hook_not_removed cause=\"{}\"", e.getMessage());
      }
    }
  }

  private void addShutdownHook() {
    Thread hook = new Thread(this::stopWithJvm, "holdfast-drain");
    shutdownHook = hook;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void stopWithJvm() {
    shutdown();
    try {
      // A second more than the plan, then the JVM ends with whatever is still open.
      if (!awaitTermination(
          serverComponents.options().total().toMillis() + 1_000, TimeUnit.MILLISECONDS)) {
        log.warn("event=server_not_terminated port={}", port);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
