package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import java.io.IOException;

/**
 * Hears how one connection fares. Called on the connection's event loop; must not block or throw.
 *
 * <p>{@link #onReady} comes first and once, {@link #onClosed} last and once. In between {@link
 * #onSuspect} and {@link #onProven} alternate, but for an {@code onProven} that answers {@link
 * WatchedConnection#prove()}.
 */
public interface ConnectionObserver {

  /** Hears nothing. */
  ConnectionObserver NONE = new ConnectionObserver() {};

  /** The peer's SETTINGS were seen. */
  default void onReady(WatchedConnection connection) {}

  /** The peer spoke while it was stale or suspect. */
  default void onProven() {}

  /** Open a twin and give no new calls to this connection; those on it stay there. */
  default void onSuspect(CloseReason why) {}

  /** The connection is gone. */
  default void onClosed(CloseReason why) {}

  /**
   * What those who use the connection are told when this side closes it. Its message goes to the
   * peer too, as the debug data of a GOAWAY, so it carries the code.
   */
  default Throwable failure(CloseReason why, Object subject) {
    return new IOException(why.describe(subject));
  }
}
