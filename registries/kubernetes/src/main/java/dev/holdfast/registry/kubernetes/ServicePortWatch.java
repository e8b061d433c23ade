package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Registry.WatchListener;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch of one port of one Service and its listeners. Slices are mapped to endpoints, and
 * changes are reported. Confined to the scheduler.
 */
final class ServicePortWatch {
  private static final Logger log = LoggerFactory.getLogger(ServicePortWatch.class);

  private final String name;
  private final SliceMapper mapper;
  private final Set<WatchListener> listeners = new LinkedHashSet<>();
  private @Nullable RegistrySnapshot last;
  private @Nullable RegistryException failure;
  private @Nullable String problem;

  /**
   * @param name as its user wrote it, for messages
   */
  ServicePortWatch(String name, SliceMapper mapper) {
    this.name = name;
    this.mapper = mapper;
  }

  /** Adds a listener, which is called at once with what is known already. */
  void add(WatchListener listener) {
    listeners.add(listener);
    if (failure != null) {
      listener.onFailure(failure);
    } else if (last != null) {
      listener.onSnapshot(last);
    }
  }

  void remove(WatchListener listener) {
    listeners.remove(listener);
  }

  boolean isUnused() {
    return listeners.isEmpty();
  }

  /** The slices as they are now. */
  void onSlices(List<Slice> slices) {
    SliceMapper.Mapping mapping = mapper.map(slices);
    if (mapping.problem() != null) {
      onProblem(mapping.problem());
      return;
    }
    problem = null;
    RegistrySnapshot snapshot = new RegistrySnapshot(mapping.endpoints(), 0);
    if (failure == null && snapshot.equals(last)) {
      onConfirmed();
      return;
    }
    if (snapshot.endpoints().isEmpty() && !Optional.of(EndpointSet.EMPTY).equals(lastList())) {
      log.info("event=kubernetes_service_without_endpoints service={}", name);
    }
    failure = null;
    last = snapshot;
    each(listener -> listener.onSnapshot(snapshot));
  }

  void onConfirmed() {
    if (failure == null) {
      each(WatchListener::onConfirmed);
    }
  }

  void onFailure(RegistryException cause) {
    failure = cause;
    each(listener -> listener.onFailure(cause));
  }

  /** The Service is there and does not have the port: no list at all is better than a wrong one. */
  private void onProblem(String text) {
    if (text.equals(problem) && failure != null) {
      return;
    }
    problem = text;
    log.warn(
        "event=kubernetes_port_unknown service={} reason=\"{}\"", name, LogEscaper.escape(text));
    onFailure(new RegistryException(RegistryErrorKind.MALFORMED, name + ": " + text));
  }

  private Optional<EndpointSet> lastList() {
    return Optional.ofNullable(last).map(RegistrySnapshot::endpoints);
  }

  private void each(Consumer<WatchListener> word) {
    // A listener may close itself or others while it hears.
    for (WatchListener listener : List.copyOf(listeners)) {
      if (listeners.contains(listener)) {
        word.accept(listener);
      }
    }
  }
}
