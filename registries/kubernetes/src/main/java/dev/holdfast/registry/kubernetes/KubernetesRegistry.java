package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.ClosableWatchListener;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.kubernetes.KubernetesNames.ServiceKey;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A registry read from the EndpointSlices of Kubernetes.
 *
 * <p>This class hands every call over to the scheduler. There {@link NamespaceWatch} decides what
 * is watched, {@link Reflector} how, and {@link SliceMapper} what it means; requests are made by an
 * {@link ApiTransport}.
 */
final class KubernetesRegistry implements Registry {
  /**
   * The record TTL of this registry. Records in Kubernetes do not expire; core doubts an empty list
   * for three times this duration.
   */
  @Limit(
      of = "a third of the time for which an empty list is doubted",
      then = "it counts, if a read says the same")
  static final Duration RECORD_TTL = Duration.ofSeconds(10);

  private final String description;
  private final String defaultNamespace;
  private final Slice.Family preferred;
  private final SliceInformer.InformerContext around;
  private final Scheduler scheduler;
  private final List<InetSocketAddress> peers;
  private final Subscription gauge;
  private final Map<String, NamespaceWatch> namespaces = new HashMap<>();
  private final Set<SliceRead> reads = new HashSet<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile int watches;

  /**
   * The identity of a registry and the defaults of its lookups.
   *
   * @param description as {@link #describe} returns it
   * @param namespace the namespace of names that have none
   * @param preferred the address family to prefer on a dual-stack Service
   * @param server the address of the API server
   */
  record RegistryIdentity(
      String description, String namespace, Slice.Family preferred, InetSocketAddress server) {}

  KubernetesRegistry(
      RegistryIdentity registryIdentity,
      ReflectorOptions times,
      RegistryContext context,
      ApiTransport api) {
    this.description = registryIdentity.description();
    this.defaultNamespace = registryIdentity.namespace();
    this.preferred = registryIdentity.preferred();
    this.scheduler = context.scheduler();
    this.peers = List.of(registryIdentity.server());
    KubernetesMeters meters = new KubernetesMeters(context.meters(), description);
    this.around =
        new SliceInformer.InformerContext(api, scheduler, context.random(), meters, times);
    this.gauge = meters.showWatches(() -> watches);
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of(Capability.NAMES);
  }

  @Override
  public Subscription watch(ServiceName service, WatchListener listener) {
    ClosableWatchListener guarded = new ClosableWatchListener(listener);
    PortSelector port = new PortSelector(service.portName().orElse(""));
    scheduler.execute(
        () ->
            begin(
                guarded,
                () -> KubernetesNames.parse(service, defaultNamespace),
                key ->
                    namespace(key.namespace())
                        .follow(key.service(), port, guarded, () -> watchOf(service, port))));
    return () -> {
      guarded.close();
      scheduler.execute(() -> unfollow(service, port, guarded));
    };
  }

  @Override
  public CompletionStage<RegistrySnapshot> read(ServiceName service) {
    CompletableFuture<RegistrySnapshot> answer = new CompletableFuture<>();
    scheduler.execute(() -> read(service, answer));
    return answer.minimalCompletionStage();
  }

  @Override
  public Subscription watchNames(String namespace, ServiceNamesListener listener) {
    String wanted = namespace.isEmpty() ? defaultNamespace : namespace;
    KubernetesNames.requireLabel("namespace", wanted);
    ClosableNamesListener guarded = new ClosableNamesListener(listener);
    scheduler.execute(
        () -> {
          if (closed.get()) {
            guarded.onFailure(closedException());
          } else if (!guarded.isClosed()) {
            namespace(wanted).addNames(guarded);
            count();
          }
        });
    return () -> {
      guarded.close();
      scheduler.execute(
          () -> {
            NamespaceWatch watch = namespaces.get(wanted);
            if (watch != null) {
              watch.removeNames(guarded);
              tidy(wanted, watch);
            }
          });
    };
  }

  @Override
  public Announcement announce(
      ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
    throw new RegistryException(
        RegistryErrorKind.UNSUPPORTED,
        "Kubernetes lists pods by itself (expected: a Service that selects them, or a registry that"
            + " can be written to, such as etcd)");
  }

  @Override
  public Duration recordTtl() {
    return RECORD_TTL;
  }

  @Override
  public Duration requestTimeout() {
    return around.options().requestTimeout();
  }

  @Override
  public List<InetSocketAddress> peerAddresses() {
    return peers;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      scheduler.execute(
          () -> {
            namespaces.values().forEach(NamespaceWatch::close);
            namespaces.clear();
            List.copyOf(reads).forEach(read -> read.fail(closedException()));
            reads.clear();
            gauge.close();
            around.api().close();
          });
    }
  }

  private void begin(
      ClosableWatchListener guarded, Supplier<ServiceKey> parse, Consumer<ServiceKey> follow) {
    if (closed.get()) {
      guarded.onFailure(closedException());
      return;
    }
    if (guarded.isClosed()) {
      return;
    }
    try {
      follow.accept(parse.get());
      count();
    } catch (IllegalArgumentException e) {
      guarded.onFailure(unsupported(e));
    }
  }

  private void unfollow(ServiceName service, PortSelector port, ClosableWatchListener guarded) {
    ServiceKey key;
    try {
      key = KubernetesNames.parse(service, defaultNamespace);
    } catch (IllegalArgumentException e) {
      // It was refused when it was to be followed, and its listener has heard why.
      return;
    }
    NamespaceWatch watch = namespaces.get(key.namespace());
    if (watch != null) {
      watch.unfollow(key.service(), port, guarded);
      tidy(key.namespace(), watch);
    }
  }

  private void read(ServiceName service, CompletableFuture<RegistrySnapshot> answer) {
    if (closed.get()) {
      answer.completeExceptionally(closedException());
      return;
    }
    ServiceKey key;
    try {
      key = KubernetesNames.parse(service, defaultNamespace);
    } catch (IllegalArgumentException e) {
      answer.completeExceptionally(unsupported(e));
      return;
    }
    SliceMapper mapper =
        new SliceMapper(new PortSelector(service.portName().orElse("")), preferred);
    SliceRead read =
        new SliceRead(
            new SliceScope(key.namespace(), key.service()), around, service, mapper, answer);
    reads.add(read);
    var unused = answer.whenComplete((ok, failure) -> reads.remove(read));
    read.begin();
  }

  private NamespaceWatch namespace(String name) {
    return namespaces.computeIfAbsent(name, n -> new NamespaceWatch(n, around));
  }

  private ServicePortWatch watchOf(ServiceName service, PortSelector port) {
    return new ServicePortWatch(service.toString(), new SliceMapper(port, preferred));
  }

  private void tidy(String namespace, NamespaceWatch watch) {
    if (watch.isUnused()) {
      namespaces.remove(namespace);
    }
    count();
  }

  private void count() {
    watches = namespaces.values().stream().mapToInt(NamespaceWatch::size).sum();
  }

  private RegistryException unsupported(IllegalArgumentException cause) {
    return new RegistryException(
        RegistryErrorKind.UNSUPPORTED, String.valueOf(cause.getMessage()), cause);
  }

  private RegistryException closedException() {
    return new RegistryException(
        RegistryErrorKind.CLOSED, description + ": the registry was closed");
  }
}
