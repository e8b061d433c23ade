package dev.holdfast.registry.dns;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.Kind;
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
  private final boolean services;
  private final RegistryContext context;
  private final Scheduler scheduler;
  private final NameServers servers;
  private final RefreshPolicy refresh;
  private final SystemNames system = new SystemNames();
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
    this.services = services;
    this.context = context;
    scheduler = context.scheduler();
    servers = new NameServers(scheduler, options.timeout());
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
            new DnsWatch.Pace(refresh, new Backoff(retries(), context.random())),
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
                      (resolved, failure) -> {
                        if (failure == null) {
                          answer.complete(
                              new RegistrySnapshot(EndpointSet.of(resolved.endpoints()), 0));
                        } else {
                          answer.completeExceptionally(Resolution.typed(failure));
                        }
                      });
        });
    return answer.minimalCompletionStage();
  }

  @Override
  public Subscription watchNames(String namespace, NamesListener listener) {
    requireOpen();
    if (names.isEmpty()) {
      throw new RegistryException(
          Kind.UNSUPPORTED, "DNS can't list names (expected: the parameter names=a:port,b:port)");
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
        Kind.UNSUPPORTED,
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

  private CompletableFuture<Resolved> resolve(ServiceName service) {
    List<DnsName> wanted;
    try {
      wanted = namesOf(service);
    } catch (IllegalArgumentException e) {
      return CompletableFuture.failedFuture(
          new RegistryException(Kind.UNSUPPORTED, String.valueOf(e.getMessage()), e));
    }
    CompletableFuture<Resolved> result = new CompletableFuture<>();
    Subscription deadline =
        scheduler.schedule(
            options.timeout(),
            () ->
                result.completeExceptionally(
                    new RegistryException(
                        Kind.UNAVAILABLE,
                        service
                            + " was not resolved within "
                            + options.timeout().toMillis()
                            + " ms")));
    var unused =
        systemView()
            .thenCompose(
                view -> {
                  Resolution resolution =
                      new Resolution(servers, view, !options.servers().isEmpty());
                  return services ? resolution.services(wanted) : resolution.addresses(wanted);
                })
            .whenComplete(
                (resolved, failure) -> {
                  deadline.close();
                  if (failure == null) {
                    recordTtl = refresh.bounded(resolved.ttl());
                    result.complete(resolved);
                  } else {
                    result.completeExceptionally(Resolution.typed(failure));
                  }
                });
    return result;
  }

  private CompletableFuture<SystemNames.View> systemView() {
    if (!options.servers().isEmpty()) {
      return CompletableFuture.completedFuture(SystemNames.View.of(options.servers()));
    }
    CompletableFuture<SystemNames.View> view = new CompletableFuture<>();
    try {
      systemThread.execute(
          () -> {
            try {
              SystemNames.View seen = system.look();
              scheduler.execute(() -> view.complete(seen));
            } catch (RuntimeException e) {
              scheduler.execute(() -> view.completeExceptionally(e));
            }
          });
    } catch (RejectedExecutionException e) {
      view.completeExceptionally(closedException());
    }
    return view;
  }

  // A name of the list is meant alone, so that whoever lists the names can follow each of them.
  private List<DnsName> namesOf(ServiceName service) {
    DnsName own =
        services ? DnsName.ofServices(service) : DnsName.ofAddresses(service, options.port());
    List<DnsName> listed =
        names.stream()
            .filter(name -> name.host().equals(own.host()))
            .filter(name -> own.port() == 0 || name.port() == own.port())
            .toList();
    if (!listed.isEmpty()) {
      return listed;
    }
    List<DnsName> all = new ArrayList<>();
    if (services || own.port() > 0) {
      all.add(own);
    } else if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "port of \"" + service + "\": missing (expected: name:port, or the parameter port)");
    }
    all.addAll(names);
    return all;
  }

  private DnsName listed(String text) {
    if (services) {
      return DnsName.parse(text, 0);
    }
    DnsName name = DnsName.parse(text, options.port());
    if (name.port() == 0) {
      throw new IllegalArgumentException(
          "names: \"" + text + "\" (expected: name:port, or the parameter port)");
    }
    return name;
  }

  private Backoff.Options retries() {
    return new Backoff.Options(options.minRefresh(), options.maxRefresh());
  }

  private void requireOpen() {
    if (closed.get()) {
      throw closedException();
    }
  }

  private static RegistryException closedException() {
    return new RegistryException(Kind.CLOSED, "the registry is closed");
  }
}
