package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Registry.ServiceNamesListener;
import dev.holdfast.core.RegistryException;
import java.util.Set;

/** A listener of names that is not called after it was closed, from whichever thread. */
final class ClosableNamesListener implements ServiceNamesListener {
  private final ServiceNamesListener target;
  private volatile boolean closed;

  ClosableNamesListener(ServiceNamesListener target) {
    this.target = target;
  }

  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public void onNames(Set<String> names) {
    if (!closed) {
      target.onNames(names);
    }
  }

  @Override
  public void onFailure(RegistryException cause) {
    if (!closed) {
      target.onFailure(cause);
    }
  }
}
