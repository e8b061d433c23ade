package dev.holdfast.registry.etcd;

import dev.holdfast.core.ClosableWatchListener;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A registry kept in etcd: one set of channels, one stream of watches and one lease per process.
 *
 * <p>This class hands every call over to the scheduler; the work is done by {@link EtcdWatcher} and
 * {@link EtcdAnnouncements} over {@link EtcdStore}, none of which knows threads.
 */
final class EtcdRegistry implements Registry {
  private static final Logger log = LoggerFactory.getLogger(EtcdRegistry.class);

  /** The store is asked at least this often whether it is still the same one. */
  @Limit(
      of = "time between two signs of life that are asked for, at most",
      then = "the store and the stream of watches are asked")
  private static final Duration MAX_CHECK_INTERVAL = Duration.ofSeconds(5);

  /** How long closing may wait for the lease to be revoked. */
  @Limit(
      of = "time that closing waits for the lease to be revoked",
      then = "the lease runs out by itself")
  private static final Duration MAX_CLOSE_TIME = Duration.ofSeconds(2);

  private final String description;
  private final EtcdOptions options;
  private final Scheduler scheduler;
  private final EtcdTransport transport;
  private final EtcdStore store;
  private final EtcdWatcher watcher;
  private final EtcdAnnouncements announcements;
  private final MalformedRecords malformed;
  private final Subscription gauges;
  private final Map<String, Followed> followed = new HashMap<>();
  private final AtomicBoolean closing = new AtomicBoolean();

  private record Followed(EtcdServiceWatch watch, RangeWatch range) {}

  EtcdRegistry(
      String description, EtcdOptions options, RegistryContext context, EtcdTransport transport) {
    this.description = description;
    this.options = options;
    this.scheduler = context.scheduler();
    this.transport = transport;
    this.store = new EtcdStore(transport, options.requestTimeout());
    EtcdMeters meters = new EtcdMeters(context.meters(), description);
    this.watcher =
        new EtcdWatcher(store, context, meters, checkInterval(options), options.relist());
    this.announcements = new EtcdAnnouncements(store, watcher, options, context);
    this.malformed = new MalformedRecords(meters);
    this.gauges = meters.show(watcher::size, announcements.lease()::gaugeValue);
  }

  static EtcdRegistry open(RegistryUri uri, RegistryContext context) {
    EtcdOptions options = EtcdOptions.of(uri, context.environment());
    return new EtcdRegistry(describe(uri), options, context, connect(uri, options, context));
  }

  /** The way to a cluster; nothing is connected yet. */
  static EtcdMembers connect(RegistryUri uri, EtcdOptions options, RegistryContext context) {
    Optional<EtcdTls> tls = options.tls().map(files -> EtcdTls.load(files, context.scheduler()));
    return new EtcdMembers(
        options,
        new EtcdChannels(tls, EtcdMembers.attemptTimeout(options)),
        context,
        new EtcdMeters(context.meters(), describe(uri)));
  }

  /** The namespace is left out: Registries shares one registry among all namespaces of a store. */
  private static String describe(RegistryUri uri) {
    return uri.withNamespace("").toString();
  }

  private static Duration checkInterval(EtcdOptions options) {
    Duration third = options.ttl().dividedBy(3);
    return third.compareTo(MAX_CHECK_INTERVAL) < 0 ? third : MAX_CHECK_INTERVAL;
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of(Capability.NAMES, Capability.ANNOUNCE);
  }

  @Override
  public Subscription watch(ServiceName service, WatchListener listener) {
    ClosableWatchListener guarded = new ClosableWatchListener(listener);
    scheduler.execute(() -> follow(service, guarded));
    return () -> {
      guarded.close();
      scheduler.execute(() -> unfollow(service, guarded));
    };
  }

  @Override
  public CompletionStage<RegistrySnapshot> read(ServiceName service) {
    CompletableFuture<RegistrySnapshot> answer = new CompletableFuture<>();
    scheduler.execute(() -> read(service, answer, true));
    return answer.minimalCompletionStage();
  }

  @Override
  public Subscription watchNames(String namespace, ServiceNamesListener listener) {
    if (!namespace.isEmpty()) {
      // Only to have the segments checked.
      ServiceName.of(namespace, "any");
    }
    NamesSubscription subscription = new NamesSubscription(listener);
    scheduler.execute(
        () -> {
          if (closing.get()) {
            subscription.onFailure(closed());
          } else {
            subscription.range =
                watcher.add(
                    EtcdKeys.namespace(namespace),
                    true,
                    new EtcdNamesWatch(namespace, subscription));
          }
        });
    return subscription;
  }

  @Override
  public Announcement announce(
      ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
    EtcdAnnouncement announcement = announcements.create(service, endpoint, listener);
    scheduler.execute(() -> announcements.start(service, announcement));
    return announcement;
  }

  @Override
  public Duration recordTtl() {
    return announcements.lease().recordTtl();
  }

  @Override
  public Duration requestTimeout() {
    return options.requestTimeout();
  }

  @Override
  public List<InetSocketAddress> peerAddresses() {
    return options.members().stream()
        .filter(member -> !isLoopback(member.host()))
        .map(member -> InetSocketAddress.createUnresolved(member.host(), member.port()))
        .toList();
  }

  /**
   * Ends everything and revokes the lease. Called from another thread than the scheduler's, it
   * waits for that for up to two seconds, because a process that ends now must still send it.
   */
  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    Duration timeout =
        options.requestTimeout().compareTo(MAX_CLOSE_TIME) < 0
            ? options.requestTimeout()
            : MAX_CLOSE_TIME;
    CompletableFuture<Void> done = new CompletableFuture<>();
    scheduler.execute(
        () -> {
          gauges.close();
          followed.clear();
          watcher.close();
          announcements.close(
              timeout,
              () -> {
                transport.close();
                done.complete(null);
              });
        });
    if (!scheduler.isCurrent()) {
      await(done, timeout);
    }
  }

  private static void await(CompletableFuture<Void> done, Duration timeout) {
    try {
      done.get(timeout.toMillis() + 100, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.debug("event=etcd_close_not_awaited", e);
    }
  }

  private void follow(ServiceName service, ClosableWatchListener listener) {
    if (closing.get()) {
      listener.onFailure(closed());
      return;
    }
    if (listener.isClosed()) {
      return;
    }
    followed
        .computeIfAbsent(
            service.path(),
            path -> {
              EtcdServiceWatch watch = new EtcdServiceWatch(scheduler, malformed);
              return new Followed(watch, watcher.add(EtcdKeys.service(service), false, watch));
            })
        .watch()
        .add(listener);
  }

  private void unfollow(ServiceName service, ClosableWatchListener listener) {
    Followed entry = followed.get(service.path());
    if (entry == null) {
      return;
    }
    entry.watch().remove(listener);
    if (entry.watch().isUnused()) {
      followed.remove(service.path());
      watcher.remove(entry.range());
    }
  }

  private void read(
      ServiceName service, CompletableFuture<RegistrySnapshot> answer, boolean again) {
    if (closing.get()) {
      answer.completeExceptionally(closed());
      return;
    }
    new RangeReader(
            store, scheduler.clock(), EtcdKeys.service(service), false, options.requestTimeout())
        .read(
            rangeSnapshot ->
                answer.complete(new RegistrySnapshot(endpoints(rangeSnapshot), store.epoch())),
            error -> {
              if (error.error() == EtcdError.WIPED && again) {
                read(service, answer, false);
              } else {
                answer.completeExceptionally(error.toRegistryException());
              }
            });
  }

  private EndpointSet endpoints(RangeReader.RangeSnapshot rangeSnapshot) {
    ServiceRecordSet records = new ServiceRecordSet(malformed);
    records.replace(rangeSnapshot.records());
    List<EndpointSet> lists = records.takeLists();
    return lists.get(lists.size() - 1);
  }

  private RegistryException closed() {
    return new RegistryException(
        RegistryException.RegistryErrorKind.CLOSED, description + ": the registry was closed");
  }

  private static boolean isLoopback(String host) {
    return host.equalsIgnoreCase("localhost")
        || host.startsWith("127.")
        || host.equals("::1")
        || host.equals("0:0:0:0:0:0:0:1");
  }

  private final class NamesSubscription implements ServiceNamesListener, Subscription {
    private final ServiceNamesListener target;
    private volatile boolean closed;
    private @Nullable RangeWatch range;

    NamesSubscription(ServiceNamesListener target) {
      this.target = target;
    }

    @Override
    public void onNames(Set<String> names) {
      if (!closed) {
        target.onNames(names);
      }
    }

    @Override
    public void onFailure(RegistryException cause) {
      if (!closed) {
        target.onFailure(cause);
      }
    }

    @Override
    public void close() {
      closed = true;
      scheduler.execute(
          () -> {
            if (range != null) {
              watcher.remove(range);
            }
          });
    }
  }
}
