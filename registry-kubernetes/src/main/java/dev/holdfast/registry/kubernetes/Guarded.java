package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Registry.WatchListener;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;

/** A listener that hears nothing after it was closed, from whichever thread. */
final class Guarded implements WatchListener {
  private final WatchListener target;
  private volatile boolean closed;

  Guarded(WatchListener target) {
    this.target = target;
  }

  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public void onSnapshot(RegistrySnapshot snapshot) {
    if (!closed) {
      target.onSnapshot(snapshot);
    }
  }

  @Override
  public void onConfirmed() {
    if (!closed) {
      target.onConfirmed();
    }
  }

  @Override
  public void onFailure(RegistryException cause) {
    if (!closed) {
      target.onFailure(cause);
    }
  }
}
