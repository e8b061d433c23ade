package dev.holdfast.streams.grpc;

import dev.holdfast.core.DrainSignal;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.hooks.ProcessStreams;
import dev.holdfast.hooks.ServerHooks;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.grpc.internal.callback.InlineCallbackPolicy;
import dev.holdfast.streams.grpc.internal.driver.NoSessionStore;
import dev.holdfast.streams.grpc.internal.driver.PacedDrain;
import dev.holdfast.streams.grpc.internal.driver.PathHeartbeat;
import dev.holdfast.streams.grpc.internal.driver.SessionDriver;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.grpc.internal.driver.StoreCall;
import dev.holdfast.streams.grpc.internal.message.HandshakeMetadata;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import dev.holdfast.streams.session.MethodKind;
import dev.holdfast.streams.session.ServerSession;
import dev.holdfast.streams.session.SessionRules;
import dev.holdfast.streams.session.SessionTable;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.WireException;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The session service of a server: makes services resumable, lists their sessions, and settles them
 * when the instance leaves. Thread-safe. An instance may serve several services and servers.
 */
public final class ServerStreams implements AutoCloseable {
  private final Builder settings;
  private final Object lock = new Object();
  private final Subscription gauges;
  private final ShownStreams<ServerStream<?, ?>> shown =
      new ShownStreams<>(this::openCount, this::open, ServerStream::status, ServerStream::prefetch);
  private final Subscription showing;
  private final Map<String, InlineCallbackPolicy> paces = new ConcurrentHashMap<>();
  private final HostServers hosts = new HostServers(this);
  private final StreamMoves moves;

  // Guarded by lock.
  private final SessionTable sessions;

  private ServerStreams(Builder settings) {
    this.settings = settings;
    this.moves = new StreamMoves(this, settings.moves);
    SessionTable.ServerIdentity serverIdentity =
        new SessionTable.ServerIdentity(
            SessionResources.newId().toString(),
            settings.address,
            settings.maxSessions,
            settings.maxPerPrincipal);
    this.sessions =
        new SessionTable(
            settings.sole
                ? serverIdentity.soleSince(sessionResources().scheduler().clock().nanoTime())
                : serverIdentity,
            new SessionTokenIssuer(settings.tokenKey),
            settings.options,
            SessionRules.STANDARD,
            SessionResources.RANDOM);
    sessions.limitBy(sessionResources().budget());
    gauges = SessionGauges.show(settings.sessionResources.meters(), this::open);
    showing = ProcessStreams.add(shown);
  }

  /** Begins with what {@link Holdfast#resumable(BindableService)} has. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The service with its streams made resumable; unary methods stay as they are.
   *
   * @throws IllegalArgumentException when messages of such a method are not protobuf
   */
  public ServerServiceDefinition resumable(BindableService service) {
    return resumable(service.bindService());
  }

  /** As {@link #resumable(BindableService)}; the service's interceptors run once per session. */
  public ServerServiceDefinition resumable(ServerServiceDefinition service) {
    return ResumableService.of(service, this);
  }

  /** The sessions that are not over, in no order. */
  public List<SessionView> sessions() {
    return open().stream().map(ServerStream::view).toList();
  }

  /**
   * Drains this instance: new sessions are refused. Sessions in memory settle with their clients
   * and end with MOVED, so that the client's {@link StreamEvents#onMoved} knows where to go on.
   * They are told one after the other, within 4 s and a quarter of the grace time. Returns at once.
   *
   * @param grace how long messages that came may still be handed to handlers
   */
  public void drain(Duration grace) {
    var unused = drainAll(grace);
  }

  /** As {@link #drain}; completes when all streams are told. */
  CompletionStage<Void> drainAll(Duration grace) {
    synchronized (lock) {
      sessions.drain();
    }
    long endNanos = sessionResources().scheduler().clock().nanoTime() + grace.toNanos();
    return tell(
        open(),
        grace,
        (session, now) -> session.drain(now, true, Duration.ofNanos(Math.max(0, endNanos - now))));
  }

  /** Tells streams something one after the other, within a part of the time that they have. */
  CompletionStage<Void> tell(
      List<ServerStream<?, ?>> told,
      Duration grace,
      SessionDriver.SessionInput<ServerSession> word) {
    return PacedDrain.tell(
        sessionResources().scheduler(), told, grace, stream -> stream.input(word));
  }

  /** Another server serves these sessions, after the last one had stopped. */
  void admitAgain() {
    synchronized (lock) {
      sessions.admitAgain();
    }
  }

  /** {@link #drain} with the time that is left, when a server's signal says so. */
  public Subscription drainOn(DrainSignal signal) {
    return signal.onDrainAsync(() -> drainAll(signal.remaining().orElse(Duration.ZERO)));
  }

  /** Takes the meters away, and moves no streams any more. Sessions go on until they end. */
  @Override
  public void close() {
    gauges.close();
    showing.close();
    moves.close();
  }

  /** A server listens that serves these streams. */
  void onServing(ServerHooks host) {
    moves.onServing(host);
  }

  <ReqT, RespT> ServerCall.Listener<SessionFrame> startCall(
      ServerCall<SessionFrame, SessionFrame> call,
      Metadata headers,
      MethodDescriptor<ReqT, RespT> method,
      ServerCallHandler<ReqT, RespT> handler) {
    Hello hello;
    SessionHandover handover;
    try {
      byte[] value = HandshakeMetadata.of(headers);
      if (value == null) {
        return PlainCall.start(call, headers, method, handler);
      }
      hello = Hello.parse(value);
      handover = HandshakeMetadata.handoverOf(headers);
    } catch (WireException e) {
      countRefused("INVALID");
      call.close(
          Status.INVALID_ARGUMENT.withDescription(
              HandshakeMetadata.KEY.name() + ": " + e.getMessage()),
          new Metadata());
      return new ServerCall.Listener<>() {};
    }
    if (call.isCancelled()) {
      // Its client has given it up while it waited for a thread, and is coming with another one.
      return new ServerCall.Listener<>() {};
    }
    HandshakeMetadata.discard(headers);
    Caller caller =
        new Caller(
            settings.principal.of(call.getAttributes(), headers), method.getFullMethodName());
    long nowNanos = sessionResources().scheduler().clock().nanoTime();
    StreamAttachment attachment = new StreamAttachment(hello.attach(), hello.tag(), nowNanos);
    ServerAttachment carrier = new ServerAttachment(call, attachment);
    attachment.attach(carrier);
    StreamOpening<ReqT, RespT> opening =
        new StreamOpening<>(method, handler, headers, Duration.ofMillis(hello.remainingMillis()));
    ServerHooks host = ServerHooks.KEY.get();
    hosts.meet(host);
    if (host == null) {
      moves.begin();
    } else {
      moves.onServing(host);
    }
    Optional<ServerStream<?, ?>> admitted =
        hosts.isLeftByOthers(host)
            ? refuse(
                carrier,
                HandshakeRefusal.busy(settings.options.timing().backoff().base().toMillis()))
            : admit(carrier, hello, handover, caller, opening, host);
    admitted.ifPresent(
        stream -> {
          carrier.cameBy(host, hosts.follow(host, ServerHooks.DRAIN.get(), stream));
          stream.driver().drive();
        });
    return admitted.isPresent() ? carrier : new ServerCall.Listener<>() {};
  }

  private Optional<ServerStream<?, ?>> admit(
      ServerAttachment carrier,
      Hello hello,
      @Nullable SessionHandover handover,
      Caller caller,
      StreamOpening<?, ?> opening,
      @Nullable ServerHooks host) {
    SessionOptions fresh =
        host == null ? settings.options : PathHeartbeat.of(settings.options, host.heartbeat());
    StreamAttachment attachment = carrier.attachment();
    SessionTable.Admission admission;
    ServerStream<?, ?> known;
    synchronized (lock) {
      if (host != null && settings.address.isEmpty()) {
        sessions.locate(host.address());
      }
      long nowNanos = sessionResources().scheduler().clock().nanoTime();
      ServerSession there = sessions.session(hello.session());
      known = there == null ? null : streamOf(there);
      if (known != null) {
        // As soon as the session has it, any of its threads may act for it.
        carrier.bind(known);
      }
      // A session that is known has other threads; its own lock comes after ours, never before.
      admission =
          known == null
              ? sessions.onHello(nowNanos, attachment, hello, caller, fresh, handover)
              : known
                  .driver()
                  .locked(
                      session ->
                          sessions.onHello(nowNanos, attachment, hello, caller, fresh, handover));
      if (admission instanceof SessionTable.Admission.Admitted found) {
        if (known != null) {
          return Optional.of(known);
        }
        ServerStream<?, ?> begun = begin(found.session(), opening, carrier);
        carrier.bind(begun);
        return Optional.of(begun);
      }
    }
    if (known != null && handover != null && handover.isPresent()) {
      // Its end may just have been acknowledged.
      known.driver().drive();
    }
    return refuse(carrier, ((SessionTable.Admission.Refused) admission).refusal());
  }

  private Optional<ServerStream<?, ?>> refuse(
      ServerAttachment carrier, HandshakeRefusal handshakeRefusal) {
    countRefused(handshakeRefusal.code().name());
    carrier.refuse(handshakeRefusal);
    return Optional.empty();
  }

  private ServerStream<?, ?> begin(
      ServerSession session, StreamOpening<?, ?> opening, ServerAttachment first) {
    if (StreamMethods.isRestartable(opening.method())) {
      session.allowRestart();
    }
    if (StreamMethods.kindOf(opening.method()) == MethodKind.SERVER_STREAMING) {
      session.expectOneRequest();
    }
    ServerStream<?, ?> stream = new ServerStream<>(this, session, opening, first.call());
    session.attach(stream);
    return stream;
  }

  private static ServerStream<?, ?> streamOf(ServerSession session) {
    return (ServerStream<?, ?>) Objects.requireNonNull(session.shell());
  }

  /** The pace of a method's handler, over all of its sessions. */
  InlineCallbackPolicy paceOf(MethodDescriptor<?, ?> method) {
    return paces.computeIfAbsent(
        method.getFullMethodName(),
        name -> new InlineCallbackPolicy(sessionResources().scheduler().clock()));
  }

  void retire(ServerStream<?, ?> stream) {
    ServerSession session = stream.driver().locked(known -> known);
    synchronized (lock) {
      sessions.retire(sessionResources().scheduler().clock().nanoTime(), session);
    }
  }

  void onEnded(ServerStream<?, ?> stream, SessionEnd end) {
    SessionLog.SERVER.ended(sessionResources().meters(), stream::view, stream::status, end);
    boolean released = end.kind() == SessionEnd.SessionEndKind.RELEASED;
    if (released || stream.driver().locked(ServerSession::isMovedAway)) {
      moves.onReleased(stream);
    }
    if (end.kind() == SessionEnd.SessionEndKind.LOST_EXPIRED) {
      SessionView view = stream.view();
      sessionResources().executor().execute(() -> settings.clientGone.accept(view));
    }
  }

  void countRefused(String code) {
    StreamMeter.REFUSED.counter(sessionResources().meters(), code).increment();
  }

  void ask(ServerStream<?, ?> stream, StoreRequest request) {
    StoreCall.ask(
        settings.store,
        sessionResources().scheduler(),
        request,
        answer -> stream.input((session, now) -> session.onStored(now, request, answer)));
  }

  boolean isDurable() {
    return settings.options.level() == DurabilityLevel.DURABLE;
  }

  StreamMoveOptions moveOptions() {
    return settings.moves;
  }

  SessionResources sessionResources() {
    return settings.sessionResources;
  }

  private int openCount() {
    synchronized (lock) {
      return sessions.sessions().size();
    }
  }

  List<ServerStream<?, ?>> open() {
    synchronized (lock) {
      List<ServerStream<?, ?>> all = new ArrayList<>(sessions.sessions().size());
      sessions.sessions().forEach(session -> all.add(streamOf(session)));
      return all;
    }
  }

  /** A builder of {@link ServerStreams}, with defaults for every setting. */
  public static final class Builder {
    private static final int SESSIONS = 200_000;

    private SessionResources sessionResources = SessionResources.standard();
    private SessionOptions options = SessionOptions.DEFAULT;
    private byte[] tokenKey = SessionResources.newKey();
    private String address = "";
    private boolean sole;
    private int maxSessions = SESSIONS;
    private int maxPerPrincipal = Integer.MAX_VALUE;
    private PrincipalSource principal = PrincipalSource.CERTIFICATE;
    private Consumer<SessionView> clientGone = gone -> {};
    private SessionStore store = NoSessionStore.INSTANCE;
    private StreamMoveOptions moves = StreamMoveOptions.NONE;

    private Builder() {}

    /** Buffers and times; default {@link SessionOptions#DEFAULT}. */
    public Builder options(SessionOptions newOptions) {
      options = newOptions;
      return this;
    }

    /**
     * Level durable: sessions are kept in a store, and survive this instance. All instances need
     * the same {@link #tokenKey}.
     */
    public Builder store(SessionStore newStore) {
      store = newStore;
      options = options.withLevel(DurabilityLevel.DURABLE);
      return this;
    }

    /**
     * Secret of all instances that may get each other's clients, from which their tokens are made;
     * at least 16 bytes of a secure random source; default: a new one of this process.
     */
    public Builder tokenKey(byte[] key) {
      tokenKey = key.clone();
      return this;
    }

    /**
     * Sets the address that reaches this instance and no other, as host:port. Default: the
     * registered or advertised address of a {@code HoldfastServerBuilder} server, else none.
     */
    public Builder address(String newAddress) {
      address = newAddress;
      return this;
    }

    /** Clients reach no other instance: a cut before the first answer costs no stream then. */
    public Builder onlyInstance() {
      sole = true;
      return this;
    }

    /** Sessions at the same time; beyond it new ones are refused with BUSY; default 200,000. */
    public Builder maxSessions(int sessions) {
      maxSessions = atLeastOne("maxSessions", sessions);
      return this;
    }

    /**
     * Sessions at the same time of each principal, all clients without one together; beyond it new
     * ones are refused with BUSY; default: no limit but {@link #maxSessions}.
     */
    public Builder maxSessionsPerPrincipal(int sessions) {
      maxPerPrincipal = atLeastOne("maxSessionsPerPrincipal", sessions);
      return this;
    }

    private static int atLeastOne(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
      }
      return value;
    }

    /** Sets the source of a client's principal; default {@link PrincipalSource#CERTIFICATE}. */
    public Builder principal(PrincipalSource source) {
      principal = source;
      return this;
    }

    /**
     * Sets a listener for clients that did not come back within the TTL; called on the executor.
     */
    public Builder onClientGone(Consumer<SessionView> listener) {
      clientGone = listener;
      return this;
    }

    /**
     * Sets the age, give or take 10 %, at which a stream is asked to go on at another instance, at
     * a bounded rate; default: none. Streams move that are durable, or whose handler marks a {@link
     * StreamCursor}; others stay.
     */
    public Builder maxStreamAge(Duration age) {
      moves = moves.withMaxAge(age);
      return this;
    }

    /**
     * Moves streams from instances that have more than their share to others, at a bounded rate:
     * those that are durable, or whose handler marks a {@link StreamCursor}. It needs a {@code
     * HoldfastServerBuilder} server that is registered. Default: off.
     */
    public Builder rebalance() {
      moves = moves.withRebalance();
      return this;
    }

    /**
     * As {@link #rebalance}, with the instance's own measure of having too many streams. While it
     * is true streams leave, and none come. Asked once a second; must not block.
     */
    public Builder rebalance(BooleanSupplier overloaded) {
      moves = moves.withOverloaded(overloaded);
      return this;
    }

    /** The request header of streams that stay at their instance; default: none. */
    public Builder stickyHeader(String name) {
      moves = moves.withStickyHeader(name);
      return this;
    }

    /** Calls handlers; default: daemon threads of Holdfast's own. */
    public Builder executor(Executor executor) {
      sessionResources = sessionResources.withExecutor(executor);
      return this;
    }

    /** Runs timers; default {@link dev.holdfast.core.SystemScheduler#shared()}. */
    public Builder scheduler(Scheduler scheduler) {
      sessionResources = sessionResources.withScheduler(scheduler);
      return this;
    }

    /** Sets the meter registry; default: Micrometer's global registry. */
    public Builder meters(MeterRegistry meters) {
      sessionResources = sessionResources.withMeters(meters);
      return this;
    }

    /** Sets the budget of the bytes that sessions hold; default {@link BufferBudget#ofProcess}. */
    public Builder budget(BufferBudget budget) {
      sessionResources = sessionResources.withBudget(budget);
      return this;
    }

    public ServerStreams build() {
      if (options.level() == DurabilityLevel.DURABLE && store == NoSessionStore.INSTANCE) {
        throw new IllegalArgumentException("store: none (expected: one with level DURABLE)");
      }
      Builder copy = new Builder();
      copy.sessionResources = sessionResources;
      copy.options = options;
      copy.tokenKey = tokenKey;
      copy.address = address;
      copy.sole = sole;
      copy.maxSessions = maxSessions;
      copy.maxPerPrincipal = maxPerPrincipal;
      copy.principal = principal;
      copy.clientGone = clientGone;
      copy.store = store;
      copy.moves = moves;
      return new ServerStreams(copy);
    }
  }
}
