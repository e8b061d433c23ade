package dev.holdfast.core;

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
final class NamesFollower {
  private static final Logger log = LoggerFactory.getLogger(NamesFollower.class);

  /** A subscription with its listener. */
  static final class Subscriber {
    private final Registry.NamesListener listener;
    private volatile boolean closed;

    Subscriber(Registry.NamesListener listener) {
      this.listener = listener;
    }

    void close() {
      closed = true;
    }

    private void tell(Consumer<Registry.NamesListener> message) {
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
  private final Set<Subscriber> subscribers = new LinkedHashSet<>();
  private @Nullable Set<String> current;
  private @Nullable Watching watching;
  private long idleSinceNanos;

  NamesFollower(String namespace, Registry registry, Clock clock) {
    this.clock = clock;
    this.namespace = namespace;
    this.registry = registry;
  }

  void add(Subscriber subscriber) {
    subscribers.add(subscriber);
    Set<String> known = current;
    if (known != null) {
      subscriber.tell(listener -> listener.onNames(known));
    }
    if (watching == null) {
      watching = new Watching();
      watching.raw = registry.watchNames(namespace, watching);
    }
  }

  void remove(Subscriber subscriber) {
    subscribers.remove(subscriber);
    idleSinceNanos = clock.nanoTime();
  }

  /** Whether nobody has subscribed for so long. */
  boolean isIdle(Duration atLeast) {
    return subscribers.isEmpty() && clock.nanoTime() - idleSinceNanos - atLeast.toNanos() >= 0;
  }

  void close() {
    if (watching != null) {
      watching.raw.close();
      watching = null;
    }
  }

  private final class Watching implements Registry.NamesListener {
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

  private void tellAll(Consumer<Registry.NamesListener> message) {
    new ArrayList<>(subscribers).forEach(subscriber -> subscriber.tell(message));
  }
}
