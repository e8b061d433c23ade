package dev.holdfast.cli.fleet;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.EndpointDirectory;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;

/**
 * The services of a fleet, as the registry has them now. Services that lose their last record stay,
 * with no endpoint. Thread-safe.
 */
public final class FleetServices {
  @Limit(
      of = "services that `top` and `console` follow",
      then = "further ones are not shown, and counted")
  static final int MAX_SERVICES = 1_000;

  private final EndpointDirectory directory;
  private final EndpointsObserver observer;
  // Guarded by this.
  private final Map<ServiceName, EndpointSet> services = new TreeMap<>();
  private final Set<ServiceName> unknown = new TreeSet<>();
  private String trouble = "";
  private int skipped;
  private boolean named;
  private final CountDownLatch complete = new CountDownLatch(1);

  /** An observer of the lists, called in their order for each service. Must not block. */
  @FunctionalInterface
  public interface EndpointsObserver {
    /** The list of a service is another one now. */
    void onEndpoints(ServiceName service, EndpointSet endpoints);
  }

  FleetServices(EndpointDirectory directory, EndpointsObserver observer) {
    this.directory = directory;
    this.observer = observer;
  }

  /**
   * What the registry says at one moment.
   *
   * @param services the endpoints in use of each
   * @param lists what the registry itself says of each
   * @param trouble the last failure that no list followed; "" without one
   * @param skipped services beyond the bound
   */
  public record ServicesState(
      Map<ServiceName, EndpointSet> services,
      Map<ServiceName, RegistryList> lists,
      String trouble,
      int skipped) {
    /** The state where no registry is asked. */
    public static final ServicesState NONE = new ServicesState(Map.of(), Map.of(), "", 0);

    RegistryList list(ServiceName service) {
      return lists.getOrDefault(service, RegistryList.UNKNOWN);
    }
  }

  /** Follows these services. */
  void follow(Set<ServiceName> wanted) {
    wanted.forEach(this::add);
    synchronized (this) {
      named = true;
      checkComplete();
    }
  }

  /** Follows the services of a namespace. */
  void followNamespace(String namespace) {
    var unused =
        directory.subscribeNames(
            namespace,
            new Registry.ServiceNamesListener() {
              @Override
              public void onNames(Set<String> names) {
                names.forEach(name -> add(ServiceName.of(namespace, name)));
                synchronized (FleetServices.this) {
                  named = true;
                  checkComplete();
                }
              }

              @Override
              public void onFailure(RegistryException cause) {
                failed(cause);
              }
            });
  }

  /** Counted down when every service is known, or the registry has failed once. */
  CountDownLatch complete() {
    return complete;
  }

  synchronized ServicesState state() {
    Map<ServiceName, RegistryList> lists = new HashMap<>();
    for (ServiceName service : services.keySet()) {
      lists.put(
          service,
          new RegistryList(
              directory.state(service), directory.age(service), directory.lastReceived(service)));
    }
    return new ServicesState(new TreeMap<>(services), lists, trouble, skipped);
  }

  private void add(ServiceName service) {
    synchronized (this) {
      if (services.containsKey(service)) {
        return;
      }
      if (services.size() >= MAX_SERVICES) {
        skipped++;
        return;
      }
      services.put(service, EndpointSet.EMPTY);
      unknown.add(service);
    }
    var unused =
        directory.subscribe(
            service,
            new EndpointsListener() {
              @Override
              public void onEndpoints(EndpointSet endpoints) {
                known(service, endpoints);
                observer.onEndpoints(service, endpoints);
              }

              @Override
              public void onFailure(RegistryException cause) {
                failed(cause);
              }
            });
  }

  private synchronized void known(ServiceName service, EndpointSet endpoints) {
    services.put(service, endpoints);
    unknown.remove(service);
    trouble = "";
    checkComplete();
  }

  private synchronized void failed(RegistryException cause) {
    trouble = String.valueOf(cause.getMessage());
    complete.countDown();
  }

  /** Guarded by this. */
  private void checkComplete() {
    if (named && unknown.isEmpty()) {
      complete.countDown();
    }
  }
}
