package dev.holdfast.registry.dns;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A registry read from DNS.
 *
 * <p>All decisions are made on the scheduler; dnsjava waits for name servers on a selector thread
 * of its own, and the files of the system are read on another.
 */
final class DnsRegistry implements Registry {
  private final RegistryUri uri;
  private final DnsOptions options;
  private final boolean usesSrv;
  private final RegistryContext context;
  private final Scheduler scheduler;
  private final StubResolver servers;
  private final RefreshPolicy refresh;
  private final SystemResolverConfig system = new SystemResolverConfig();
  private final ExecutorService systemThread;
  private final List<DnsName> names;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Set<Subscription> watches = new LinkedHashSet<>();
  private volatile Duration recordTtl;

  /**
   * Creates the registry and starts its thread for the system's files.
   *
   * @param services whether SRV records are looked up, rather than addresses
   */
  DnsRegistry(RegistryUri uri, DnsOptions options, boolean services, RegistryContext context) {
    this.uri = uri;
    this.options = options;
    this.usesSrv = services;
    this.context = context;
    scheduler = context.scheduler();
    servers = new StubResolver(scheduler, options.timeout());
    refresh = new RefreshPolicy(options.minRefresh(), options.maxRefresh(), context.random());
    names = options.names().stream().map(this::listed).toList();
    recordTtl = options.maxRefresh();
    systemThread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread created = new Thread(task, "holdfast-dns-files");
              created.setDaemon(true);
              return created;
            });
  }

  @Override
  public String describe() {
    return uri.toString();
  }

  @Override
  public Set<Capability> capabilities() {
    return names.isEmpty() ? Set.of() : Set.of(Capability.NAMES);
  }

  @Override
  public Subscription watch(ServiceName service, WatchListener listener) {
    requireOpen();
    DnsWatch watch =
        new DnsWatch(
            uri.scheme(),
            service,
            () -> resolve(service),
            new DnsWatch.RefreshTiming(refresh, new Backoff(retries(), context.random())),
            context,
            listener);
    AtomicBoolean ended = new AtomicBoolean();
    Runnable end =
        () -> {
          watches.remove(watch);
          watch.close();
        };
    scheduler.execute(
        () -> {
          if (!ended.get() && !closed.get()) {
            watches.add(watch);
            watch.begin();
          }
        });
    return () -> {
      ended.set(true);
      if (scheduler.isCurrent()) {
        end.run();
      } else {
        scheduler.execute(end);
      }
    };
  }

  @Override
  public CompletionStage<RegistrySnapshot> read(ServiceName service) {
    CompletableFuture<RegistrySnapshot> answer = new CompletableFuture<>();
    scheduler.execute(
        () -> {
          if (closed.get()) {
            answer.completeExceptionally(closedException());
            return;
          }
          var unused =
              resolve(service)
                  .whenComplete(
                      (resolvedEndpoints, failure) -> {
                        if (failure == null) {
                          answer.complete(
                              new RegistrySnapshot(
                                  EndpointSet.of(resolvedEndpoints.endpoints()), 0));
                        } else {
                          answer.completeExceptionally(DnsHostResolver.typed(failure));
                        }
                      });
        });
    return answer.minimalCompletionStage();
  }

  @Override
  public Subscription watchNames(String namespace, ServiceNamesListener listener) {
    requireOpen();
    if (names.isEmpty()) {
      throw new RegistryException(
          RegistryErrorKind.UNSUPPORTED,
          "DNS can't list names (expected: the parameter names=a:port,b:port)");
    }
    AtomicBoolean ended = new AtomicBoolean();
    Set<String> listed = new TreeSet<>();
    names.forEach(name -> listed.add(name.host()));
    scheduler.execute(
        () -> {
          if (!ended.get() && !closed.get()) {
            listener.onNames(Collections.unmodifiableSet(listed));
          }
        });
    return () -> ended.set(true);
  }

  @Override
  public Announcement announce(
      ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
    throw new RegistryException(
        RegistryErrorKind.UNSUPPORTED,
        "DNS can't be written to (expected: a registry that can, such as file or etcd)");
  }

  /** The TTL seen last, within the bounds of the refresh; the upper bound before that. */
  @Override
  public Duration recordTtl() {
    return recordTtl;
  }

  @Override
  public Duration requestTimeout() {
    return options.timeout();
  }

  @Override
  public List<InetSocketAddress> peerAddresses() {
    return options.servers().stream()
        .filter(server -> !server.getAddress().isLoopbackAddress())
        .toList();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      scheduler.execute(
          () -> {
            List.copyOf(watches).forEach(Subscription::close);
            watches.clear();
            systemThread.shutdown();
          });
    }
  }

  private CompletableFuture<ResolvedEndpoints> resolve(ServiceName service) {
    List<DnsName> wanted;
    try {
      wanted = namesOf(service);
    } catch (IllegalArgumentException e) {
      return CompletableFuture.failedFuture(
          new RegistryException(RegistryErrorKind.UNSUPPORTED, String.valueOf(e.getMessage()), e));
    }
    CompletableFuture<ResolvedEndpoints> result = new CompletableFuture<>();
    Subscription deadline =
        scheduler.schedule(
            options.timeout(),
            () ->
                result.completeExceptionally(
                    new RegistryException(
                        RegistryErrorKind.UNAVAILABLE,
                        service
                            + " was not resolved within "
                            + options.timeout().toMillis()
                            + " ms")));
    var unused =
        systemView()
            .thenCompose(
                resolverSettings -> {
                  DnsHostResolver dnsHostResolver =
                      new DnsHostResolver(servers, resolverSettings, !options.servers().isEmpty());
                  return usesSrv
                      ? dnsHostResolver.services(wanted)
                      : dnsHostResolver.addresses(wanted);
                })
            .whenComplete(
                (resolvedEndpoints, failure) -> {
                  deadline.close();
                  if (failure == null) {
                    recordTtl = refresh.bounded(resolvedEndpoints.ttl());
                    result.complete(resolvedEndpoints);
                  } else {
                    result.completeExceptionally(DnsHostResolver.typed(failure));
                  }
                });
    return result;
  }

  private CompletableFuture<SystemResolverConfig.ResolverSettings> systemView() {
    if (!options.servers().isEmpty()) {
      return CompletableFuture.completedFuture(
          SystemResolverConfig.ResolverSettings.of(options.servers()));
    }
    CompletableFuture<SystemResolverConfig.ResolverSettings> resolverSettings =
        new CompletableFuture<>();
    try {
      systemThread.execute(
          () -> {
            try {
              SystemResolverConfig.ResolverSettings seen = system.look();
              scheduler.execute(() -> resolverSettings.complete(seen));
            } catch (RuntimeException e) {
              scheduler.execute(() -> resolverSettings.completeExceptionally(e));
            }
          });
    } catch (RejectedExecutionException e) {
      resolverSettings.completeExceptionally(closedException());
    }
    return resolverSettings;
  }

  // A name of the list is meant alone, so that a client that lists the names can watch each of
  // them.
  private List<DnsName> namesOf(ServiceName service) {
    DnsName own =
        usesSrv ? DnsName.ofServices(service) : DnsName.ofAddresses(service, options.port());
    List<DnsName> listed =
        names.stream()
            .filter(name -> name.host().equals(own.host()))
            .filter(name -> own.port() == 0 || name.port() == own.port())
            .toList();
    if (!listed.isEmpty()) {
      return listed;
    }
    List<DnsName> all = new ArrayList<>();
    if (usesSrv || own.port() > 0) {
      all.add(own);
    } else if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "port of \"" + service + "\": missing (expected: name:port, or the parameter port)");
    }
    all.addAll(names);
    return all;
  }

  private DnsName listed(String text) {
    if (usesSrv) {
      return DnsName.parse(text, 0);
    }
    DnsName name = DnsName.parse(text, options.port());
    if (name.port() == 0) {
      throw new IllegalArgumentException(
          "names: \"" + text + "\" (expected: name:port, or the parameter port)");
    }
    return name;
  }

  private Backoff.BackoffOptions retries() {
    return new Backoff.BackoffOptions(options.minRefresh(), options.maxRefresh());
  }

  private void requireOpen() {
    if (closed.get()) {
      throw closedException();
    }
  }

  private static RegistryException closedException() {
    return new RegistryException(RegistryErrorKind.CLOSED, "the registry is closed");
  }
}
