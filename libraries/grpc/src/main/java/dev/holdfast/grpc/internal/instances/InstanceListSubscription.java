package dev.holdfast.grpc.internal.instances;

import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.discovery.Registries;
import org.jspecify.annotations.Nullable;

/** The use of a registry and a watch in it, which may be closed before they begin. Thread-safe. */
public final class InstanceListSubscription implements Subscription {
  // Guarded by this.
  private Registries.@Nullable Handle handle;
  private @Nullable Subscription watch;
  private boolean closed;

  /** Follows the list of a service; the handle belongs to this subscription from now on. */
  public synchronized void begin(
      Registries.Handle opened, ServiceName service, EndpointsListener listener) {
    if (closed) {
      opened.close();
      return;
    }
    handle = opened;
    watch = opened.directory().subscribe(service, listener);
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (watch != null) {
      watch.close();
      watch = null;
    }
    if (handle != null) {
      handle.close();
      handle = null;
    }
  }
}
