package dev.holdfast.core.discovery;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch on the service names of one namespace, shared by all its subscribers. Confined to the
 * scheduler.
 */
final class SharedServiceNamesWatch {
  private static final Logger log = LoggerFactory.getLogger(SharedServiceNamesWatch.class);

  /** A subscription with its listener. */
  static final class ServiceNamesSubscriber {
    private final Registry.ServiceNamesListener listener;
    private volatile boolean closed;

    ServiceNamesSubscriber(Registry.ServiceNamesListener listener) {
      this.listener = listener;
    }

    void close() {
      closed = true;
    }

    private void tell(Consumer<Registry.ServiceNamesListener> message) {
      if (closed) {
        return;
      }
      try {
        message.accept(listener);
      } catch (RuntimeException e) {
        // The other subscribers must hear it whatever one of them does.
        log.error("event=names_listener_failed", e);
      }
    }
  }

  private final String namespace;
  private final Registry registry;
  private final Clock clock;
  private final Set<ServiceNamesSubscriber> serviceNamesSubscribers = new LinkedHashSet<>();
  private @Nullable Set<String> current;
  private @Nullable Watching watching;
  private long idleSinceNanos;

  SharedServiceNamesWatch(String namespace, Registry registry, Clock clock) {
    this.clock = clock;
    this.namespace = namespace;
    this.registry = registry;
  }

  void add(ServiceNamesSubscriber serviceNamesSubscriber) {
    serviceNamesSubscribers.add(serviceNamesSubscriber);
    Set<String> known = current;
    if (known != null) {
      serviceNamesSubscriber.tell(listener -> listener.onNames(known));
    }
    if (watching == null) {
      watching = new Watching();
      watching.raw = registry.watchNames(namespace, watching);
    }
  }

  void remove(ServiceNamesSubscriber serviceNamesSubscriber) {
    serviceNamesSubscribers.remove(serviceNamesSubscriber);
    idleSinceNanos = clock.nanoTime();
  }

  /** Whether nobody has subscribed for so long. */
  boolean isIdle(Duration atLeast) {
    return serviceNamesSubscribers.isEmpty()
        && clock.nanoTime() - idleSinceNanos - atLeast.toNanos() >= 0;
  }

  void close() {
    if (watching != null) {
      watching.raw.close();
      watching = null;
    }
  }

  private final class Watching implements Registry.ServiceNamesListener {
    private Subscription raw = () -> {};

    @Override
    public void onNames(Set<String> names) {
      if (watching == this && !names.equals(current)) {
        Set<String> sorted = new TreeSet<>(names);
        current = sorted;
        tellAll(listener -> listener.onNames(sorted));
      }
    }

    @Override
    public void onFailure(RegistryException cause) {
      if (watching == this) {
        tellAll(listener -> listener.onFailure(cause));
      }
    }
  }

  private void tellAll(Consumer<Registry.ServiceNamesListener> message) {
    new ArrayList<>(serviceNamesSubscribers)
        .forEach(serviceNamesSubscriber -> serviceNamesSubscriber.tell(message));
  }
}
