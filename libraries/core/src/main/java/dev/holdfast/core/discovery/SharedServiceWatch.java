package dev.holdfast.core.discovery;

import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.internal.DeadlineTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch on one service for all its subscribers: the imperative shell around a {@link
 * LastKnownGoodEndpoints}.
 *
 * <p>Confined to the scheduler, except for {@link #current}, {@link #lastReceived}, {@link #age}
 * and {@link #state}. Without subscribers the follower is parked: the watch is closed, and the list
 * and its state are kept.
 */
final class SharedServiceWatch {
  private static final Logger log = LoggerFactory.getLogger(SharedServiceWatch.class);

  /** The collaborators of a follower. */
  record WatchDependencies(
      Registry registry,
      RegistryContext context,
      LastKnownGoodEndpoints steady,
      Optional<EndpointSnapshotFile> file) {}

  /** A subscription; a separate object, so that a listener may subscribe twice. */
  static final class EndpointsSubscriber {
    private final EndpointsListener listener;
    private volatile boolean closed;

    EndpointsSubscriber(EndpointsListener listener) {
      this.listener = listener;
    }

    void close() {
      closed = true;
    }

    void tell(Consumer<EndpointsListener> message) {
      if (closed) {
        return;
      }
      try {
        message.accept(listener);
      } catch (RuntimeException e) {
        // The other subscribers must hear it whatever one of them does.
        log.error("event=endpoints_listener_failed", e);
      }
    }
  }

  private final ServiceName service;
  private final Registry registry;
  private final Scheduler scheduler;
  private final LastKnownGoodEndpoints steady;
  private final Optional<EndpointSnapshotFile> file;
  private final SharedWatchMeters meters;
  private final Set<EndpointsSubscriber> endpointsSubscribers = new LinkedHashSet<>();

  private volatile @Nullable EndpointSet current;
  private volatile @Nullable EndpointSet lastReceived;
  private volatile long goodAtNanos;
  private volatile EndpointListState state = EndpointListState.UNKNOWN;

  /** Null while parked; a new one for each watch, so that a late word of an old one is known. */
  private @Nullable Watching watching;

  private @Nullable RegistryException trouble;
  private long idleSinceNanos;
  private final DeadlineTimer timer;

  SharedServiceWatch(ServiceName service, WatchDependencies watchDependencies) {
    this.service = service;
    this.registry = watchDependencies.registry();
    this.scheduler = watchDependencies.context().scheduler();
    this.timer = new DeadlineTimer(scheduler, this::onDeadline);
    this.steady = watchDependencies.steady();
    this.file = watchDependencies.file();
    this.meters = new SharedWatchMeters(watchDependencies.context().meters(), registry, service);
    file.ifPresent(
        f ->
            f.read()
                .whenComplete(
                    (storedEndpoints, failure) ->
                        onSeed(storedEndpoints == null ? Optional.empty() : storedEndpoints)));
  }

  void add(EndpointsSubscriber endpointsSubscriber) {
    endpointsSubscribers.add(endpointsSubscriber);
    EndpointSet known = current;
    if (known != null) {
      endpointsSubscriber.tell(listener -> listener.onEndpoints(known));
    }
    RegistryException present = trouble;
    if (present != null) {
      endpointsSubscriber.tell(listener -> listener.onFailure(present));
    }
    if (watching == null) {
      begin();
    }
  }

  /** Whether that was the last one. */
  boolean remove(EndpointsSubscriber endpointsSubscriber) {
    boolean removed = endpointsSubscribers.remove(endpointsSubscriber);
    idleSinceNanos = nowNanos();
    return removed && endpointsSubscribers.isEmpty();
  }

  /** Whether it is being followed for nobody, and has been for so long. */
  boolean isIdle(Duration atLeast) {
    return watching != null
        && endpointsSubscribers.isEmpty()
        && nowNanos() - idleSinceNanos - atLeast.toNanos() >= 0;
  }

  /** Ends the watch and keeps what is known. */
  void park() {
    if (watching != null) {
      watching.close();
      watching = null;
      timer.arm(OptionalLong.empty());
      meters.close();
      // From here on nothing is heard, as in an outage.
      steady.onParked(nowNanos());
      publishView();
    }
  }

  /** The directory is closed: subscribers learn that nothing more will come. */
  void close() {
    park();
    file.ifPresent(EndpointSnapshotFile::stopRetrying);
    RegistryException closed = closed();
    for (EndpointsSubscriber endpointsSubscriber : List.copyOf(endpointsSubscribers)) {
      endpointsSubscriber.tell(listener -> listener.onFailure(closed));
      endpointsSubscriber.close();
    }
    endpointsSubscribers.clear();
  }

  RegistryException closed() {
    return new RegistryException(
        RegistryException.RegistryErrorKind.CLOSED, registry.describe() + " was closed");
  }

  Optional<EndpointSet> current() {
    return Optional.ofNullable(current);
  }

  Optional<EndpointSet> lastReceived() {
    return Optional.ofNullable(lastReceived);
  }

  EndpointListState state() {
    return state;
  }

  /** Time since the registry last said that the list in use is right; empty while none is. */
  Optional<Duration> age() {
    return current == null
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(Math.max(0, nowNanos() - goodAtNanos)));
  }

  private void begin() {
    meters.open(this);
    Watching begun = new Watching();
    watching = begun;
    try {
      begun.raw = registry.watch(service, begun);
    } catch (RegistryException e) {
      begun.onFailure(e);
    }
    settle();
  }

  private final class Watching implements Registry.WatchListener {
    private Subscription raw = () -> {};

    void close() {
      raw.close();
    }

    @Override
    public void onSnapshot(RegistrySnapshot snapshot) {
      if (watching == this) {
        trouble = null;
        steady.onSnapshot(nowNanos(), snapshot);
        settle();
      }
    }

    @Override
    public void onConfirmed() {
      if (watching == this) {
        trouble = null;
        steady.onConfirmed(nowNanos());
        settle();
      }
    }

    @Override
    public void onFailure(RegistryException cause) {
      if (watching == this) {
        trouble = cause;
        meters.watchFailed(cause);
        steady.onFailure(nowNanos());
        settle();
        tellAll(listener -> listener.onFailure(cause));
      }
    }
  }

  private void onSeed(Optional<EndpointSnapshotFile.StoredEndpoints> storedEndpoints) {
    scheduler.execute(
        () -> {
          storedEndpoints.ifPresentOrElse(
              seed -> steady.onSeed(nowNanos(), seed.endpoints(), seed.age()),
              () -> steady.onSeed(nowNanos(), EndpointSet.EMPTY, Duration.ZERO));
          settle();
        });
  }

  /** Carries out what the machine decided. */
  private void settle() {
    publishView();
    steady.pollChange().ifPresent(this::changed);
    if (watching == null) {
      return;
    }
    OptionalLong read = steady.pollRead(nowNanos());
    if (read.isPresent()) {
      begin(read.getAsLong());
    }
    timer.arm(steady.nextDeadlineNanos());
  }

  private void publishView() {
    EndpointListState before = state;
    goodAtNanos = steady.goodAtNanos();
    current = steady.endpoints().orElse(null);
    lastReceived = steady.lastReceived().orElse(null);
    state = steady.state();
    if (state != before) {
      meters.moved(state);
      log.info(
          "event=endpoints_state registry={} service={} from={} to={} endpoints={}"
              + " registry_endpoints={} cause=\"{}\"",
          registry.describe(),
          service,
          before,
          state,
          steady.endpoints().map(EndpointSet::size).orElse(-1),
          steady.lastReceived().map(EndpointSet::size).orElse(-1),
          trouble == null ? "" : LogEscaper.escape(trouble.getMessage()));
    }
  }

  private void changed(EndpointSet list) {
    meters.changed();
    log.debug("event=endpoints_changed service={} endpoints={}", service, list);
    file.ifPresent(f -> f.write(list));
    tellAll(listener -> listener.onEndpoints(list));
  }

  private void begin(long read) {
    try {
      var unused =
          registry
              .read(service)
              .whenComplete((snapshot, failure) -> onLoop(() -> finished(read, snapshot, failure)));
    } catch (RegistryException e) {
      finished(read, null, e);
    }
  }

  private void finished(
      long read, @Nullable RegistrySnapshot snapshot, @Nullable Throwable failure) {
    meters.read(failure == null);
    if (failure == null && snapshot != null) {
      steady.onRead(nowNanos(), read, snapshot);
    } else {
      log.debug("event=read_failed service={} cause=\"{}\"", service, String.valueOf(failure));
      steady.onReadFailed(nowNanos(), read);
    }
    settle();
  }

  private void onDeadline() {
    steady.onTimeout(nowNanos());
    settle();
  }

  private void tellAll(Consumer<EndpointsListener> message) {
    new ArrayList<>(endpointsSubscribers)
        .forEach(endpointsSubscriber -> endpointsSubscriber.tell(message));
  }

  private void onLoop(Runnable task) {
    if (scheduler.isCurrent()) {
      task.run();
    } else {
      scheduler.execute(task);
    }
  }

  private long nowNanos() {
    return scheduler.clock().nanoTime();
  }
}
