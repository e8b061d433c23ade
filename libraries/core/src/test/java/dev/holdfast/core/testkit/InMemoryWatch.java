package dev.holdfast.core.testkit;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistrySnapshot;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One watch of an {@link InMemoryRegistry}: in order, complete, delayed by the latency. */
final class InMemoryWatch {
  private final InMemoryRegistry registry;
  private final String path;
  private final Registry.WatchListener listener;
  private volatile boolean closed;
  private boolean connected;
  private long connection;
  private int underWay;
  private long lastArrivalNanos;
  private boolean lied;
  private @Nullable RegistrySnapshot lastDelivered;

  InMemoryWatch(InMemoryRegistry registry, String path, Registry.WatchListener listener) {
    this.registry = registry;
    this.path = path;
    this.listener = listener;
    this.lastArrivalNanos = registry.scheduler().clock().nanoTime();
  }

  boolean isOf(String changedPath) {
    return path.equals(changedPath);
  }

  void close() {
    closed = true;
    connection++;
  }

  void begin() {
    if (registry.isReachable()) {
      connected = true;
      changed();
    } else {
      arrive(connection, () -> listener.onFailure(InMemoryRegistry.unavailable()));
    }
    confirmLater();
  }

  void linkChanged() {
    if (registry.isReachable() == connected) {
      return;
    }
    connected = registry.isReachable();
    connection++;
    underWay = 0;
    if (connected) {
      changed();
    } else {
      arrive(connection, () -> listener.onFailure(InMemoryRegistry.unavailable()));
    }
  }

  void changed() {
    lied = false;
    send(registry.store().snapshot(path));
  }

  void falsify(UnaryOperator<EndpointSet> lie, Duration repairedAfter) {
    if (!connected) {
      return;
    }
    RegistrySnapshot truth = registry.store().snapshot(path);
    lied = true;
    send(new RegistrySnapshot(lie.apply(truth.endpoints()), truth.epoch()));
    long told = connection;
    registry
        .scheduler()
        .schedule(
            repairedAfter,
            () -> {
              if (lied && told == connection) {
                changed();
              }
            });
  }

  private void send(RegistrySnapshot snapshot) {
    if (connected) {
      arrive(
          connection,
          () -> {
            lastDelivered = snapshot;
            listener.onSnapshot(snapshot);
          });
    }
  }

  /** Messages keep their order and die with their connection. */
  private void arrive(long sentOn, Runnable action) {
    long now = registry.scheduler().clock().nanoTime();
    long waitNanos = Math.max(registry.latency().toNanos(), lastArrivalNanos - now);
    lastArrivalNanos = now + waitNanos;
    underWay++;
    registry
        .scheduler()
        .schedule(
            Duration.ofNanos(waitNanos),
            () -> {
              if (sentOn == connection && !closed) {
                underWay--;
                action.run();
              }
            });
  }

  private void confirmLater() {
    registry
        .scheduler()
        .schedule(
            registry.recordTtl(),
            () -> {
              if (closed) {
                return;
              }
              if (connected
                  && underWay == 0
                  && registry.store().snapshot(path).equals(lastDelivered)) {
                listener.onConfirmed();
              }
              confirmLater();
            });
  }
}
