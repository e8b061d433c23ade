package dev.holdfast.core.discovery;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The endpoint lists of one registry, shared by all consumers in a process.
 *
 * <p>Each service has one raw watch and one {@link LastKnownGoodEndpoints}, however many consumers
 * subscribe. A watch ends {@link #LINGER} after its last subscriber left. The list is kept beyond
 * that, for at most {@link #MAX_PARKED} services, so that a channel that wakes up while the
 * registry is down can use it. With HOLDFAST_SNAPSHOT_DIR set, lists outlive the process.
 *
 * <p>Thread-safe; listeners run on the {@link Scheduler} of the context. An exception of a listener
 * is logged and does not affect the others.
 */
public final class EndpointDirectory implements AutoCloseable {
  /** The time that a watch continues without a subscriber. */
  @Limit(
      of = "time that a watch goes on without a subscriber",
      then = "the watch ends; its list is remembered")
  public static final Duration LINGER = Duration.ofMinutes(5);

  /** Lists that are remembered without a watch; beyond it the oldest one is forgotten. */
  @Limit(
      of = "lists that are remembered without a watch",
      then = "the one unused longest is forgotten")
  public static final int MAX_PARKED = 1_000;

  /** The variable that names the directory in which lists are kept. */
  public static final String SNAPSHOT_VARIABLE = "HOLDFAST_SNAPSHOT_DIR";

  /** Makes the policy of one service; tests hand in broken ones. */
  public interface PolicyFactory {
    LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected);
  }

  private final Registry registry;
  private final RegistryContext context;
  private final LastKnownGoodOptions options;
  private final PolicyFactory policies;
  private final Optional<Path> snapshots;
  private final Map<ServiceName, SharedServiceWatch> followers = new ConcurrentHashMap<>();
  // The keys of parked followers, the one parked longest first.
  private final Map<ServiceName, Boolean> parked = new LinkedHashMap<>();
  private final Map<String, SharedServiceNamesWatch> names = new HashMap<>();
  private volatile boolean closed;

  public EndpointDirectory(
      Registry registry,
      RegistryContext context,
      LastKnownGoodOptions options,
      PolicyFactory policies) {
    this.registry = registry;
    this.context = context;
    this.options = options;
    this.policies = policies;
    this.snapshots =
        Optional.ofNullable(context.environment().get(SNAPSHOT_VARIABLE))
            .filter(text -> !text.isBlank())
            .map(Path::of);
  }

  /** The directory of a registry, which it owns from now on and closes with itself. */
  public static EndpointDirectory over(
      Registry registry, RegistryContext context, LastKnownGoodOptions options) {
    return new EndpointDirectory(registry, context, options, LastKnownGoodEndpoints::new);
  }

  public Registry registry() {
    return registry;
  }

  /**
   * Follows the endpoints of a service. A list that is known already is delivered at once, on the
   * scheduler.
   */
  public Subscription subscribe(ServiceName service, EndpointsListener listener) {
    SharedServiceWatch.EndpointsSubscriber endpointsSubscriber =
        new SharedServiceWatch.EndpointsSubscriber(listener);
    onLoop(() -> add(service, endpointsSubscriber));
    return () -> {
      endpointsSubscriber.close();
      onLoop(() -> remove(service, endpointsSubscriber));
    };
  }

  /**
   * Follows the names of a namespace, shared likewise.
   *
   * @throws RegistryException of kind UNSUPPORTED when the registry knows no names
   */
  public Subscription subscribeNames(String namespace, Registry.ServiceNamesListener listener) {
    if (!registry.capabilities().contains(Registry.Capability.NAMES)) {
      throw new RegistryException(
          RegistryException.RegistryErrorKind.UNSUPPORTED,
          registry.describe() + " can't say which services there are");
    }
    SharedServiceNamesWatch.ServiceNamesSubscriber serviceNamesSubscriber =
        new SharedServiceNamesWatch.ServiceNamesSubscriber(listener);
    onLoop(
        () -> {
          if (!closed) {
            names
                .computeIfAbsent(
                    namespace,
                    n -> new SharedServiceNamesWatch(n, registry, context.scheduler().clock()))
                .add(serviceNamesSubscriber);
          }
        });
    return () -> {
      serviceNamesSubscriber.close();
      onLoop(() -> remove(namespace, serviceNamesSubscriber));
    };
  }

  /** The services that are followed, or whose list is remembered. May be asked from any thread. */
  public Set<ServiceName> services() {
    return Set.copyOf(followers.keySet());
  }

  /** The list in use, if one is known. May be asked from any thread. */
  public Optional<EndpointSet> current(ServiceName service) {
    return follower(service).flatMap(SharedServiceWatch::current);
  }

  /**
   * The last list that the registry itself gave, which differs from the list in use while its loss
   * of endpoints is doubted; empty while it has given none. Thread-safe.
   */
  public Optional<EndpointSet> lastReceived(ServiceName service) {
    return follower(service).flatMap(SharedServiceWatch::lastReceived);
  }

  /**
   * The time since the registry last confirmed the list in use; empty while no list is known.
   * Thread-safe.
   */
  public Optional<Duration> age(ServiceName service) {
    return follower(service).flatMap(SharedServiceWatch::age);
  }

  /** The state of the list of a service. Thread-safe. */
  public EndpointListState state(ServiceName service) {
    return follower(service).map(SharedServiceWatch::state).orElse(EndpointListState.UNKNOWN);
  }

  /** Ends all watches, tells subscribers that it was closed, and closes the registry. */
  @Override
  public void close() {
    // At once, for a watch that waits for its turn must not be begun on a closed registry.
    closed = true;
    onLoop(
        () -> {
          followers.values().forEach(SharedServiceWatch::close);
          names.values().forEach(SharedServiceNamesWatch::close);
          names.clear();
        });
    registry.close();
  }

  private void add(
      ServiceName service, SharedServiceWatch.EndpointsSubscriber endpointsSubscriber) {
    if (closed) {
      RegistryException cause =
          new RegistryException(
              RegistryException.RegistryErrorKind.CLOSED, registry.describe() + " was closed");
      endpointsSubscriber.tell(listener -> listener.onFailure(cause));
      return;
    }
    parked.remove(service);
    followers
        .computeIfAbsent(service, s -> new SharedServiceWatch(s, parts(s)))
        .add(endpointsSubscriber);
  }

  private void remove(
      ServiceName service, SharedServiceWatch.EndpointsSubscriber endpointsSubscriber) {
    SharedServiceWatch follower = followers.get(service);
    if (follower != null && follower.remove(endpointsSubscriber)) {
      var unused = context.scheduler().schedule(LINGER, () -> park(service));
    }
  }

  private void remove(
      String namespace, SharedServiceNamesWatch.ServiceNamesSubscriber serviceNamesSubscriber) {
    SharedServiceNamesWatch follower = names.get(namespace);
    if (follower == null) {
      return;
    }
    follower.remove(serviceNamesSubscriber);
    var unused =
        context
            .scheduler()
            .schedule(
                LINGER,
                () -> {
                  if (follower.isIdle(LINGER) && names.remove(namespace, follower)) {
                    follower.close();
                  }
                });
  }

  private void park(ServiceName service) {
    SharedServiceWatch follower = followers.get(service);
    if (follower == null || !follower.isIdle(LINGER)) {
      return;
    }
    follower.park();
    parked.put(service, true);
    if (parked.size() > MAX_PARKED) {
      Iterator<ServiceName> oldest = parked.keySet().iterator();
      followers.remove(oldest.next());
      oldest.remove();
    }
  }

  private SharedServiceWatch.WatchDependencies parts(ServiceName service) {
    Optional<EndpointSnapshotFile> file =
        snapshots.map(
            directory -> EndpointSnapshotFile.of(directory, registry.describe(), service, context));
    Backoff reads = new Backoff(options.reads(), context.random());
    return new SharedServiceWatch.WatchDependencies(
        registry, context, policies.create(options, reads, file.isPresent()), file);
  }

  private Optional<SharedServiceWatch> follower(ServiceName service) {
    return Optional.ofNullable(followers.get(service));
  }

  private void onLoop(Runnable task) {
    if (context.scheduler().isCurrent()) {
      task.run();
    } else {
      context.scheduler().execute(task);
    }
  }
}
