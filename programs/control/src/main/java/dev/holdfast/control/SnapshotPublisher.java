package dev.holdfast.control;

import dev.holdfast.control.internal.xds.XdsSnapshot;
import dev.holdfast.control.xds.ResourceBuilder;
import dev.holdfast.control.xds.XdsResource;
import dev.holdfast.core.EndpointSet;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The builder of snapshots, on a thread of its own, which wakes the streams of clients after each.
 *
 * <p>Changes that arrive during a run are batched for the next one, and of several changes of one
 * service the last wins. So there is one run at a time at any rate of changes, and only the map of
 * services grows. Thread-safe.
 */
final class SnapshotPublisher implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SnapshotPublisher.class);

  /** A listener that is notified of each new snapshot. */
  interface SnapshotListener {
    void onSnapshot(XdsSnapshot snapshot);
  }

  /** A service as it was built last. */
  private record Built(EndpointSet endpoints, List<XdsResource> resources) {}

  private final MeterRegistry meters;
  private final Set<SnapshotListener> snapshotListeners = ConcurrentHashMap.newKeySet();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread created = new Thread(task, "holdfast-control-publisher");
            created.setDaemon(true);
            return created;
          });

  private volatile @Nullable XdsSnapshot current;

  // Guarded by this: what the next run takes.
  private final Map<String, Optional<EndpointSet>> waiting = new HashMap<>();
  private XdsSnapshot.UnknownServices unknownServices = XdsSnapshot.UnknownServices.NONE;
  private ResourceBuilder builder;
  private boolean rebuild;
  private boolean known;
  private boolean scheduled;

  // The thread's own.
  private final Map<String, Built> built = new HashMap<>();

  SnapshotPublisher(ResourceBuilder builder, MeterRegistry meters) {
    this.builder = builder;
    this.meters = meters;
  }

  /** The newest snapshot; empty until it is known which services there are. */
  Optional<XdsSnapshot> current() {
    return Optional.ofNullable(current);
  }

  /**
   * Queues changed services for the next snapshot.
   *
   * @param lists by service; empty for a removed one
   * @param nowUnknown the services of which only the existence is known
   */
  synchronized void changed(
      Map<String, Optional<EndpointSet>> lists, XdsSnapshot.UnknownServices nowUnknown) {
    known = true;
    waiting.putAll(lists);
    unknownServices = nowUnknown;
    wake();
  }

  /** Another policy: everything is built again. */
  synchronized void use(ResourceBuilder next) {
    builder = next;
    rebuild = true;
    if (known) {
      wake();
    }
  }

  /** Adds a receiver, which is notified of each later snapshot on the publisher's thread. */
  void add(SnapshotListener snapshotListener) {
    snapshotListeners.add(snapshotListener);
  }

  void remove(SnapshotListener snapshotListener) {
    snapshotListeners.remove(snapshotListener);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private void wake() {
    if (!scheduled) {
      scheduled = true;
      try {
        thread.execute(this::run);
      } catch (RejectedExecutionException e) {
        log.debug("event=publisher_closed");
      }
    }
  }

  private void run() {
    Map<String, Optional<EndpointSet>> lists;
    XdsSnapshot.UnknownServices nowUnknown;
    ResourceBuilder by;
    boolean again;
    synchronized (this) {
      scheduled = false;
      lists = Map.copyOf(waiting);
      waiting.clear();
      nowUnknown = unknownServices;
      by = builder;
      again = rebuild;
      rebuild = false;
    }
    try {
      publish(lists, nowUnknown, by, again);
    } catch (RuntimeException e) {
      log.error("event=publish_failed", e);
    } catch (Error e) {
      log.error("event=publish_failed", e);
      throw e;
    }
  }

  private void publish(
      Map<String, Optional<EndpointSet>> lists,
      XdsSnapshot.UnknownServices nowUnknown,
      ResourceBuilder by,
      boolean again) {
    List<XdsSnapshot.ServiceChange> serviceChanges = new ArrayList<>();
    Map<String, Optional<EndpointSet>> all = new HashMap<>();
    if (again) {
      built.forEach((service, one) -> all.put(service, Optional.of(one.endpoints())));
    }
    all.putAll(lists);
    all.forEach(
        (service, list) -> {
          List<XdsResource> before =
              Optional.ofNullable(built.get(service)).map(Built::resources).orElse(List.of());
          List<XdsResource> now = list.map(l -> build(by, service, l, before)).orElse(List.of());
          if (list.isPresent()) {
            built.put(service, new Built(list.get(), now));
          } else {
            built.remove(service);
          }
          serviceChanges.add(new XdsSnapshot.ServiceChange(before, now));
        });
    XdsSnapshot before = current;
    XdsSnapshot next =
        (before == null ? XdsSnapshot.EMPTY : before).with(serviceChanges, nowUnknown);
    if (before != null && next.isSameAs(before)) {
      return;
    }
    current = next;
    ControlMeter.SNAPSHOTS.counter(meters).increment();
    for (SnapshotListener snapshotListener : snapshotListeners) {
      snapshotListener.onSnapshot(next);
    }
  }

  /** Builds the resources of a service. If that fails, the service keeps the resources it had. */
  private List<XdsResource> build(
      ResourceBuilder by, String service, EndpointSet list, List<XdsResource> before) {
    try {
      return by.build(service, list);
    } catch (RuntimeException e) {
      ControlMeter.BUILDS_FAILED.counter(meters).increment();
      log.error("event=resources_failed service={} kept=last_good", service, e);
      return before;
    }
  }
}
