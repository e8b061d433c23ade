package dev.holdfast.spring.boot.starter.discovery;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.ClosableWatchListener;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.OffloadExecutor;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.client.discovery.DiscoveryClient;

/**
 * A read-only registry over a {@link DiscoveryClient} of Spring Cloud.
 *
 * <p>The client may block, so it is asked on {@link OffloadExecutor}; all decisions are made on the
 * scheduler.
 */
final class DiscoveryClientRegistry implements Registry {
  private final RegistryUri uri;
  private final DiscoveryOptions options;
  private final DiscoveryClient client;
  private final RegistryContext context;
  private final Scheduler scheduler;
  private final InstanceMapper mapper;
  private final Runnable onClose;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Set<DiscoveryClientWatch> watches = new LinkedHashSet<>();

  DiscoveryClientRegistry(
      RegistryUri uri,
      DiscoveryOptions options,
      DiscoveryClient client,
      RegistryContext context,
      Runnable onClose) {
    this.uri = uri;
    this.options = options;
    this.client = client;
    this.context = context;
    this.onClose = onClose;
    scheduler = context.scheduler();
    mapper = new InstanceMapper(uri.scheme(), options.portKey(), context.meters());
  }

  @Override
  public String describe() {
    return uri.toString();
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of();
  }

  @Override
  public Subscription watch(ServiceName service, WatchListener listener) {
    requireOpen();
    ClosableWatchListener closable = new ClosableWatchListener(listener);
    DiscoveryClientWatch watch =
        new DiscoveryClientWatch(
            () -> readNow(service),
            options.poll(),
            new Backoff(
                new Backoff.BackoffOptions(Duration.ofMillis(100), options.poll()),
                context.random()),
            scheduler,
            closable);
    scheduler.execute(
        () -> {
          if (!closable.isClosed() && !closed.get()) {
            watches.add(watch);
            watch.readNow();
          }
        });
    return () -> {
      closable.close();
      scheduler.execute(
          () -> {
            watches.remove(watch);
            watch.close();
          });
    };
  }

  @Override
  public CompletionStage<RegistrySnapshot> read(ServiceName service) {
    CompletableFuture<RegistrySnapshot> answer = new CompletableFuture<>();
    var unused =
        readNow(service)
            .whenComplete(
                (endpoints, failure) ->
                    scheduler.execute(
                        () -> {
                          if (endpoints != null) {
                            answer.complete(new RegistrySnapshot(endpoints, 0));
                          } else {
                            answer.completeExceptionally(typed(failure));
                          }
                        }));
    return answer.minimalCompletionStage();
  }

  @Override
  public Subscription watchNames(String namespace, ServiceNamesListener listener) {
    throw new RegistryException(
        RegistryErrorKind.UNSUPPORTED, "a DiscoveryClient is not followed for its names");
  }

  @Override
  public Announcement announce(
      ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
    throw new RegistryException(
        RegistryErrorKind.UNSUPPORTED,
        "a DiscoveryClient can't be written to (expected: a registry that can, such as file or"
            + " etcd, or the ServiceRegistry of Spring Cloud)");
  }

  @Override
  public Duration recordTtl() {
    return options.ttl();
  }

  @Override
  public Duration requestTimeout() {
    return options.timeout();
  }

  @Override
  public List<InetSocketAddress> peerAddresses() {
    return List.of();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      onClose.run();
      scheduler.execute(
          () -> {
            watches.forEach(DiscoveryClientWatch::close);
            watches.clear();
          });
    }
  }

  /** Asks for each watched service now, as Spring Cloud says that something may have changed. */
  void onHeartbeat() {
    scheduler.execute(() -> List.copyOf(watches).forEach(DiscoveryClientWatch::readNow));
  }

  /** The failure of a request in the terms of registries. */
  static RegistryException typed(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof RegistryException typed
        ? typed
        : new RegistryException(
            RegistryErrorKind.UNAVAILABLE, "the DiscoveryClient failed: " + cause, cause);
  }

  private CompletionStage<EndpointSet> readNow(ServiceName service) {
    CompletableFuture<EndpointSet> answer = new CompletableFuture<>();
    if (closed.get()) {
      answer.completeExceptionally(closedException());
      return answer;
    }
    String id = service.portName().map(port -> service.path() + ":" + port).orElse(service.path());
    Subscription deadline =
        scheduler.schedule(
            options.timeout(),
            () ->
                answer.completeExceptionally(
                    new RegistryException(
                        RegistryErrorKind.UNAVAILABLE,
                        "the DiscoveryClient did not answer within "
                            + options.timeout().toMillis()
                            + " ms")));
    OffloadExecutor.shared()
        .execute(
            () -> {
              try {
                answer.complete(mapper.endpoints(client.getInstances(id)));
              } catch (RuntimeException e) {
                answer.completeExceptionally(e);
              } finally {
                deadline.close();
              }
            });
    return answer;
  }

  private RegistryException closedException() {
    return new RegistryException(RegistryErrorKind.CLOSED, describe() + " was closed");
  }

  private void requireOpen() {
    if (closed.get()) {
      throw closedException();
    }
  }
}
