package dev.holdfast.core;

import dev.holdfast.core.Registry.WatchListener;

/**
 * A watch listener that ignores events after it was closed, as {@link Subscription} promises.
 * Thread-safe.
 */
public final class ClosableWatchListener implements WatchListener {
  private final WatchListener target;
  private volatile boolean closed;

  /** Passes all on to another listener, until it is closed. */
  public ClosableWatchListener(WatchListener target) {
    this.target = target;
  }

  /** Stops the delivery of events. */
  public void close() {
    closed = true;
  }

  /** Whether the listener was closed. */
  public boolean isClosed() {
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
