package dev.holdfast.stork;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import io.smallrye.stork.api.NoServiceInstanceFoundException;
import io.smallrye.stork.api.ServiceInstance;
import io.smallrye.stork.utils.ServiceInstanceIds;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The instances of a followed service.
 *
 * <p>An endpoint that did not change keeps its instance, and with it its id, by which clients of
 * Stork keep connections and statistics; with any change it is a new instance. Draining and unready
 * endpoints are left out while another one is eligible (decision 0111). The listener's methods are
 * called on the scheduler, {@link #current} from any thread.
 */
final class FollowedInstances implements EndpointsListener {
  @Limit(
      of = "time that selections of Stork wait for a first list",
      then = "they fail with HF-201, and later ones at once, until a list is there")
  static final Duration FIRST_LIST_TIMEOUT = Duration.ofSeconds(3);

  private final ServiceName service;
  private final boolean secure;
  private final CompletableFuture<Boolean> firstOrTimeout = new CompletableFuture<>();
  private Map<Endpoint, ServiceInstance> known = Map.of();
  private volatile @Nullable List<ServiceInstance> instances;
  private volatile @Nullable RegistryException trouble;

  FollowedInstances(ServiceName service, boolean secure, Scheduler scheduler) {
    this.service = service;
    this.secure = secure;
    var unused = scheduler.schedule(FIRST_LIST_TIMEOUT, this::goOn);
  }

  @Override
  public void onEndpoints(EndpointSet endpoints) {
    Map<Endpoint, ServiceInstance> next = new HashMap<>();
    for (Endpoint endpoint : usable(endpoints)) {
      ServiceInstance present = known.get(endpoint);
      next.put(
          endpoint,
          present == null
              ? new EndpointInstance(ServiceInstanceIds.next(), endpoint, secure)
              : present);
    }
    known = next;
    instances = usable(endpoints).stream().map(next::get).toList();
    goOn();
  }

  @Override
  public void onFailure(RegistryException cause) {
    trouble = cause;
  }

  /** The list in use, or the first one. */
  CompletionStage<List<ServiceInstance>> current() {
    List<ServiceInstance> now = instances;
    // A stage of its own for each caller, who may cancel it.
    return now != null
        ? CompletableFuture.completedStage(now)
        : firstOrTimeout.thenApply(ended -> required());
  }

  private List<ServiceInstance> required() {
    List<ServiceInstance> now = instances;
    if (now == null) {
      throw new NoServiceInstanceFoundException(
          CloseReason.NO_ENDPOINTS_YET.describe(service), trouble);
    }
    return now;
  }

  /** Lets those go on who wait, on a thread that they may block. */
  private void goOn() {
    if (!firstOrTimeout.isDone()) {
      var unused = firstOrTimeout.completeAsync(() -> true, OffloadExecutor.shared());
    }
  }

  private static List<Endpoint> usable(EndpointSet endpoints) {
    List<Endpoint> eligible = endpoints.eligible();
    return eligible.isEmpty() ? endpoints.endpoints() : eligible;
  }
}
