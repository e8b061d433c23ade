package dev.holdfast.core.testkit;

import dev.holdfast.core.Registry;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One watch of the names of a namespace in an {@link InMemoryRegistry}. */
final class InMemoryNamesWatch {
  private final InMemoryRegistry registry;
  private final String namespace;
  private final Registry.ServiceNamesListener listener;
  private volatile boolean closed;
  private boolean failing;
  private @Nullable Set<String> last;

  InMemoryNamesWatch(
      InMemoryRegistry registry, String namespace, Registry.ServiceNamesListener listener) {
    this.registry = registry;
    this.namespace = namespace;
    this.listener = listener;
  }

  void close() {
    closed = true;
  }

  void refresh() {
    registry.scheduler().schedule(registry.latency(), this::deliver);
  }

  private void deliver() {
    if (closed) {
      return;
    }
    if (!registry.isReachable()) {
      if (!failing) {
        failing = true;
        listener.onFailure(InMemoryRegistry.unavailable());
      }
      return;
    }
    Set<String> names = registry.store().names(namespace);
    if (failing || !names.equals(last)) {
      failing = false;
      last = names;
      listener.onNames(names);
    }
  }
}
