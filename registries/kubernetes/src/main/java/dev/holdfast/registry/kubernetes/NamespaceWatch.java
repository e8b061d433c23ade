package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Registry.ServiceNamesListener;
import dev.holdfast.core.Registry.WatchListener;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The watches of one namespace, as few as are cheap: a watch for each Service while Services are
 * few, and a single watch of the namespace when they are many or when their names are requested.
 *
 * <p>The namespace watch takes over (make-before-break) when its first list is complete; until then
 * the Service watches go on. The namespace watch ends when no listener needs it. Confined to the
 * scheduler.
 */
final class NamespaceWatch {
  @Limit(
      of = "services of a namespace that are watched one by one",
      then = "one watch of the whole namespace takes their place")
  static final int MAX_SERVICE_WATCHES = 4;

  private final String namespace;
  private final SliceInformer.InformerContext around;
  private final Map<String, Followed> services = new HashMap<>();
  private final Set<ServiceNamesListener> serviceNamesListeners = new LinkedHashSet<>();
  private @Nullable SliceInformer wide;
  private @Nullable Map<String, List<Slice>> known;
  private @Nullable Set<String> names;
  private @Nullable RegistryException failure;

  /** A Service: its ports, and its own watch while it has one. */
  private static final class Followed {
    final Map<PortSelector, ServicePortWatch> ports = new HashMap<>();
    @Nullable SliceInformer own;
    @Nullable List<Slice> slices;
    @Nullable RegistryException failure;

    void each(Consumer<ServicePortWatch> word) {
      List.copyOf(ports.values()).forEach(word);
    }

    void fail(RegistryException cause) {
      failure = cause;
      each(watch -> watch.onFailure(cause));
    }

    void closeOwn() {
      if (own != null) {
        own.close();
        own = null;
      }
    }
  }

  NamespaceWatch(String namespace, SliceInformer.InformerContext around) {
    this.namespace = namespace;
    this.around = around;
  }

  /**
   * Follows the port of a Service until the listener is removed.
   *
   * @param maker makes the watch of the port, if there is none
   */
  void follow(
      String service, PortSelector port, WatchListener listener, Supplier<ServicePortWatch> maker) {
    Followed followed = services.get(service);
    if (followed == null) {
      followed = new Followed();
      services.put(service, followed);
      begin(service, followed);
    }
    ServicePortWatch watch = followed.ports.get(port);
    if (watch == null) {
      watch = maker.get();
      followed.ports.put(port, watch);
      if (followed.failure != null) {
        watch.onFailure(followed.failure);
      } else if (followed.slices != null) {
        watch.onSlices(followed.slices);
      }
    }
    watch.add(listener);
  }

  /** Ends what only this listener needed. */
  void unfollow(String service, PortSelector port, WatchListener listener) {
    Followed followed = services.get(service);
    ServicePortWatch watch = followed == null ? null : followed.ports.get(port);
    if (followed == null || watch == null) {
      return;
    }
    watch.remove(listener);
    if (watch.isUnused()) {
      followed.ports.remove(port);
    }
    if (followed.ports.isEmpty()) {
      services.remove(service);
      followed.closeOwn();
      tidy();
    }
  }

  void addNames(ServiceNamesListener listener) {
    serviceNamesListeners.add(listener);
    if (failure != null) {
      listener.onFailure(failure);
    } else if (names != null) {
      listener.onNames(names);
    }
    widen();
  }

  void removeNames(ServiceNamesListener listener) {
    serviceNamesListeners.remove(listener);
    tidy();
  }

  /** The number of open watches. */
  int size() {
    long own = services.values().stream().filter(f -> f.own != null).count();
    return (int) own + (wide == null ? 0 : 1);
  }

  boolean isUnused() {
    return services.isEmpty() && serviceNamesListeners.isEmpty();
  }

  void close() {
    services.values().forEach(Followed::closeOwn);
    services.clear();
    serviceNamesListeners.clear();
    tidy();
  }

  private void begin(String service, Followed followed) {
    if (known != null) {
      followed.slices = known.getOrDefault(service, List.of());
      followed.failure = failure;
      return;
    }
    SliceInformer own =
        SliceInformer.of(new SliceScope(namespace, service), around, new ServiceListener(service));
    followed.own = own;
    own.start();
    if (services.size() > MAX_SERVICE_WATCHES) {
      widen();
    }
  }

  private void widen() {
    if (wide == null) {
      wide = SliceInformer.of(SliceScope.namespace(namespace), around, new WideListener());
      wide.start();
    }
  }

  /** The watch of the namespace ends when nobody needs it; a single service would do with less. */
  private void tidy() {
    if (wide != null && serviceNamesListeners.isEmpty() && services.isEmpty()) {
      wide.close();
      wide = null;
      known = null;
      names = null;
      failure = null;
    }
  }

  private void tell(String service, List<Slice> slices) {
    Followed followed = services.get(service);
    if (followed != null) {
      followed.slices = slices;
      followed.failure = null;
      followed.each(watch -> watch.onSlices(slices));
    }
  }

  /** The listener of one Service's own watch. */
  private final class ServiceListener implements SliceInformer.SliceListener {
    private final String service;

    ServiceListener(String service) {
      this.service = service;
    }

    @Override
    public void onAll(Map<String, List<Slice>> slices) {
      tell(service, slices.getOrDefault(service, List.of()));
    }

    @Override
    public void onChanged(Map<String, List<Slice>> slices) {
      onAll(slices);
    }

    @Override
    public void onConfirmed() {
      Followed followed = services.get(service);
      if (followed != null) {
        followed.each(ServicePortWatch::onConfirmed);
      }
    }

    @Override
    public void onFailure(RegistryException cause) {
      Followed followed = services.get(service);
      if (followed != null) {
        followed.fail(cause);
      }
    }
  }

  /** The listener of the namespace watch. */
  private final class WideListener implements SliceInformer.SliceListener {

    @Override
    public void onAll(Map<String, List<Slice>> slices) {
      failure = null;
      known = new HashMap<>(slices);
      for (String service : List.copyOf(services.keySet())) {
        Followed followed = services.get(service);
        if (followed != null) {
          followed.closeOwn();
        }
        tell(service, slices.getOrDefault(service, List.of()));
      }
      tellNames(true);
    }

    @Override
    public void onChanged(Map<String, List<Slice>> slices) {
      slices.forEach(
          (service, now) -> {
            if (known != null) {
              if (now.isEmpty()) {
                known.remove(service);
              } else {
                known.put(service, now);
              }
            }
            tell(service, now);
          });
      tellNames(false);
    }

    @Override
    public void onConfirmed() {
      List.copyOf(services.values()).forEach(f -> f.each(ServicePortWatch::onConfirmed));
    }

    @Override
    public void onFailure(RegistryException cause) {
      failure = cause;
      for (Followed followed : List.copyOf(services.values())) {
        // Services with a watch of their own are updated by that watch.
        if (followed.own == null) {
          followed.fail(cause);
        }
      }
      List.copyOf(serviceNamesListeners).forEach(listener -> listener.onFailure(cause));
    }

    private void tellNames(boolean always) {
      Map<String, List<Slice>> all = known;
      if (all == null) {
        return;
      }
      Set<String> now = new TreeSet<>();
      all.keySet().stream().filter(ServiceName::isName).forEach(now::add);
      if (always || !now.equals(names)) {
        Set<String> shown = Collections.unmodifiableSet(now);
        names = shown;
        List.copyOf(serviceNamesListeners).forEach(listener -> listener.onNames(shown));
      }
    }
  }
}
