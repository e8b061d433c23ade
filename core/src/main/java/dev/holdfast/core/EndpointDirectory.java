package dev.holdfast.core;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The lists of endpoints of one registry, shared by all of a process.
 *
 * <p>However many consumers subscribe to a service, there is one raw watch and one {@link
 * SteadyEndpoints} for it. A watch ends {@link #LINGER} after its last subscriber left.
 * Thread-safe; listeners run on the {@link Scheduler} of the context.
 */
public final class EndpointDirectory implements AutoCloseable {
  /** For how long a watch goes on without a subscriber. */
  public static final Duration LINGER = Duration.ofMinutes(5);

  private final Registry registry;
  private final RegistryContext context;
  private final SteadyEndpoints.Options options;
  private final Map<ServiceName, Follower> followers = new ConcurrentHashMap<>();
  private final Map<String, NamesFollower> names = new HashMap<>();

  private EndpointDirectory(
      Registry registry, RegistryContext context, SteadyEndpoints.Options options) {
    this.registry = registry;
    this.context = context;
    this.options = options;
  }

  /** The directory of a registry, which it owns from now on and closes with itself. */
  public static EndpointDirectory over(
      Registry registry, RegistryContext context, SteadyEndpoints.Options options) {
    return new EndpointDirectory(registry, context, options);
  }

  public Registry registry() {
    return registry;
  }

  /**
   * Follows the endpoints of a service. A list that is known already is delivered at once, on the
   * scheduler.
   */
  public Subscription subscribe(ServiceName service, EndpointsListener listener) {
    context
        .scheduler()
        .execute(() -> followers.computeIfAbsent(service, Follower::new).add(listener));
    return () ->
        context
            .scheduler()
            .execute(
                () -> {
                  Follower follower = followers.get(service);
                  if (follower != null) {
                    follower.listeners.remove(listener);
                  }
                });
  }

  /** Follows the names of a namespace, shared likewise. */
  public Subscription subscribeNames(String namespace, Registry.NamesListener listener) {
    context
        .scheduler()
        .execute(() -> names.computeIfAbsent(namespace, NamesFollower::new).add(listener));
    return () ->
        context
            .scheduler()
            .execute(
                () -> {
                  NamesFollower follower = names.get(namespace);
                  if (follower != null) {
                    follower.listeners.remove(listener);
                  }
                });
  }

  SteadyEndpoints.Options options() {
    return options;
  }

  /** The list in use, if one is known. */
  public Optional<EndpointSet> current(ServiceName service) {
    Follower follower = followers.get(service);
    return follower == null ? Optional.empty() : Optional.ofNullable(follower.current);
  }

  /** How long ago the registry last said that the list in use is right, if one is known. */
  public Optional<Duration> age(ServiceName service) {
    Follower follower = followers.get(service);
    return follower == null || follower.current == null
        ? Optional.empty()
        : Optional.of(
            Duration.ofNanos(context.scheduler().clock().nanoTime() - follower.goodAtNanos));
  }

  /** Ends all watches and closes the registry. */
  @Override
  public void close() {
    followers.values().forEach(f -> f.raw.close());
    registry.close();
  }

  private final class Follower implements Registry.WatchListener {
    final Set<EndpointsListener> listeners = new LinkedHashSet<>();
    final Subscription raw;
    volatile @Nullable EndpointSet current;
    volatile long goodAtNanos;

    Follower(ServiceName service) {
      raw = registry.watch(service, this);
    }

    void add(EndpointsListener listener) {
      listeners.add(listener);
      EndpointSet known = current;
      if (known != null) {
        listener.onEndpoints(known);
      }
    }

    @Override
    public void onSnapshot(RegistrySnapshot snapshot) {
      goodAtNanos = context.scheduler().clock().nanoTime();
      if (!snapshot.endpoints().equals(current)) {
        current = snapshot.endpoints();
        List.copyOf(listeners).forEach(l -> l.onEndpoints(snapshot.endpoints()));
      }
    }

    @Override
    public void onConfirmed() {
      goodAtNanos = context.scheduler().clock().nanoTime();
    }

    @Override
    public void onFailure(RegistryException cause) {
      List.copyOf(listeners).forEach(l -> l.onTrouble(cause));
    }
  }

  private final class NamesFollower implements Registry.NamesListener {
    final Set<Registry.NamesListener> listeners = new LinkedHashSet<>();
    @Nullable Set<String> current;

    NamesFollower(String namespace) {
      var unused = registry.watchNames(namespace, this);
    }

    void add(Registry.NamesListener listener) {
      listeners.add(listener);
      if (current != null) {
        listener.onNames(current);
      }
    }

    @Override
    public void onNames(Set<String> value) {
      current = value;
      List.copyOf(listeners).forEach(l -> l.onNames(value));
    }

    @Override
    public void onFailure(RegistryException cause) {
      List.copyOf(listeners).forEach(l -> l.onFailure(cause));
    }
  }
}
