package dev.holdfast.streams.grpc;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.hooks.ServerHooks;
import dev.holdfast.hooks.ServiceInstances;
import dev.holdfast.hooks.StreamLoad;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.internal.rebalance.InstanceLoad;
import dev.holdfast.streams.internal.rebalance.MaxStreamAge;
import dev.holdfast.streams.internal.rebalance.MoveCause;
import dev.holdfast.streams.internal.rebalance.MoveRate;
import dev.holdfast.streams.internal.rebalance.StreamRebalancePolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The moves of a server's streams to other instances: by age, and towards instances that have
 * fewer. Looks at all streams once a second, and publishes their number. The streams of one server
 * are rebalanced, that of the first {@link ServerHooks} that has registered.
 *
 * <p>Thread-safe; one thread at a time looks.
 */
final class StreamMoves implements AutoCloseable {
  /** The interval of looks. */
  static final Duration INTERVAL = Duration.ofSeconds(1);

  /** A stream that has come stays for so long, unless it becomes too old. */
  static final Duration LEAST_STAY = Duration.ofSeconds(20);

  /** A stream that was asked counts as leaving for so long. */
  static final Duration LEAVING_FOR = Duration.ofSeconds(10);

  /** A stream that was asked in vain is asked again after this. */
  static final Duration ASK_AGAIN = Duration.ofMinutes(5);

  private static final Logger log = LoggerFactory.getLogger(StreamMoves.class);

  /** A registered server of these streams. */
  private record Host(ServerHooks hooks, ServiceInstances instances) {}

  /**
   * The streams at one look.
   *
   * @param count with a connection, without those that are leaving
   * @param movable which can be asked
   * @param fixed which have been here for a while and can't, though nothing says that they stay
   */
  private record Present(long count, List<ServerStream<?, ?>> movable, long fixed) {}

  private final ServerStreams streams;
  private final StreamMoveOptions options;
  private final AtomicBoolean begun = new AtomicBoolean();
  private volatile boolean closed;
  private volatile @Nullable Host host;
  private volatile EndpointSet list = EndpointSet.EMPTY;
  private volatile Subscription following = () -> {};

  // Confined to the thread that looks.
  private final Random random = new Random();
  private final MoveRate ageRate = new MoveRate();
  private final StreamRebalancePolicy policy = new StreamRebalancePolicy(random);
  private boolean warned;

  StreamMoves(ServerStreams streams, StreamMoveOptions options) {
    this.streams = streams;
    this.options = options;
  }

  /** Streams may be there from now on. */
  void begin() {
    if (options.isOn() && begun.compareAndSet(false, true)) {
      // Instances that started together do not look together.
      lookIn(Duration.ofMillis(SessionResources.RANDOM.nextLong(INTERVAL.toMillis())));
    }
  }

  /** A server serves these streams. */
  void onServing(ServerHooks hooks) {
    begin();
    if (options.rebalance() && host == null) {
      hooks.instances().ifPresent(instances -> follow(new Host(hooks, instances)));
    }
  }

  private synchronized void follow(Host serving) {
    if (host == null && !closed) {
      host = serving;
      following = serving.instances.follow(endpoints -> list = endpoints);
    }
  }

  /** Another instance has the session of a stream now, or its client takes it there. */
  void onReleased(ServerStream<?, ?> stream) {
    AskedMove asked = stream.askedMove();
    if (asked != null) {
      StreamMeter.MOVED
          .counter(streams.sessionResources().meters(), asked.cause().tag())
          .increment();
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    following.close();
  }

  private void lookIn(Duration delay) {
    Scheduler scheduler = streams.sessionResources().scheduler();
    var unused =
        scheduler.schedule(
            delay,
            () -> {
              if (!closed) {
                // Locks of all sessions are taken.
                OffloadExecutor.shared().execute(this::look);
              }
            });
  }

  private void look() {
    try {
      look(streams.sessionResources().scheduler().clock().nanoTime());
    } catch (RuntimeException e) {
      log.error("event=stream_moves_failed", e);
    } finally {
      lookIn(INTERVAL);
    }
  }

  private void look(long nowNanos) {
    Present present = present(nowNanos);
    Host serving = host;
    boolean leaves = serving != null && serving.hooks.drain().isDraining();
    if (!leaves) {
      warnWhereNothingMoves(present);
    }
    if (serving != null && !leaves) {
      rebalance(nowNanos, serving, present);
    }
    if (!options.maxAge().isZero()) {
      retire(nowNanos, present);
    }
  }

  private Present present(long nowNanos) {
    long count = 0;
    long fixed = 0;
    List<ServerStream<?, ?>> movable = new ArrayList<>();
    for (ServerStream<?, ?> stream : streams.open()) {
      AskedMove asked = stream.askedMove();
      boolean leaving = asked != null && nowNanos - asked.nanos() < LEAVING_FOR.toNanos();
      boolean attached =
          stream.driver().locked(session -> session.state() == SessionState.ATTACHED);
      if (attached && !leaving) {
        count++;
        if (!stream.isSticky()) {
          if (stream.driver().locked(session -> session.isMovable())) {
            movable.add(stream);
          } else if (hasStayed(stream)) {
            fixed++;
          }
        }
      }
    }
    return new Present(count, movable, fixed);
  }

  /** Streams without a store and without cursors never move, which their owner may not expect. */
  private void warnWhereNothingMoves(Present present) {
    if (!warned && !streams.isDurable() && present.movable.isEmpty() && present.fixed > 0) {
      warned = true;
      log.warn(
          "event=streams_not_movable streams={} (expected: a store, or handlers that mark a"
              + " StreamCursor)",
          present.fixed);
    }
  }

  private void rebalance(long nowNanos, Host serving, Present present) {
    StreamLoad own = new StreamLoad(present.count, policy.isOverloaded());
    StreamLoad total = serving.instances.report(this, own);
    String address = serving.hooks.address();
    Optional<Endpoint> self =
        list.endpoints().stream()
            .filter(endpoint -> endpoint.address().toString().equals(address))
            .findFirst();
    if (self.isEmpty()) {
      // Nobody compares itself with an instance that is not in the list, nor the other way round.
      return;
    }
    boolean overloaded = options.overloaded().getAsBoolean();
    List<InstanceLoad> others =
        list.eligible().stream()
            .filter(one -> !one.equals(self.get()))
            .map(StreamMoves::load)
            .toList();
    List<ServerStream<?, ?>> settled =
        new ArrayList<>(present.movable.stream().filter(one -> mayGo(nowNanos, one)).toList());
    boolean idle = policy.remaining() == 0;
    long moves =
        policy.next(
            nowNanos,
            new StreamRebalancePolicy.Own(
                self.get().weight(), total.streams(), settled.size(), overloaded),
            others);
    if (idle && moves + policy.remaining() > 0) {
      log.info(
          "event=streams_rebalance streams={} movable={} moves={} instances={} overloaded={}",
          total.streams(),
          settled.size(),
          moves + policy.remaining(),
          others.size() + 1,
          overloaded);
    }
    MoveCause cause = overloaded ? MoveCause.OVERLOAD : MoveCause.REBALANCE;
    Collections.shuffle(settled, random);
    settled.stream().limit(moves).forEach(stream -> stream.move(cause));
  }

  private static boolean mayGo(long nowNanos, ServerStream<?, ?> stream) {
    AskedMove asked = stream.askedMove();
    return hasStayed(stream) && (asked == null || nowNanos - asked.nanos() >= ASK_AGAIN.toNanos());
  }

  private static boolean hasStayed(ServerStream<?, ?> stream) {
    return stream.age().whole().compareTo(LEAST_STAY) >= 0;
  }

  private void retire(long nowNanos, Present present) {
    MaxStreamAge maxAge = new MaxStreamAge(options.maxAge());
    List<ServerStream<?, ?>> old =
        present.movable.stream()
            .filter(stream -> stream.askedMove() == null)
            .filter(stream -> maxAge.isOver(stream.sessionId(), stream.age().whole()))
            .toList();
    long moves = ageRate.take(nowNanos, present.count, old.size());
    old.stream().limit(moves).forEach(stream -> stream.move(MoveCause.AGE));
  }

  private static InstanceLoad load(Endpoint endpoint) {
    Optional<StreamLoad> published = StreamLoad.of(endpoint);
    return new InstanceLoad(
        endpoint.address() + "/" + endpoint.instance(),
        endpoint.weight(),
        published.map(StreamLoad::streams).orElse(null),
        published.filter(StreamLoad::overloaded).isPresent());
  }
}
