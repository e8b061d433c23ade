package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import java.io.IOException;

/**
 * A listener for the liveness of one connection. Called on the connection's event loop; must not
 * block or throw.
 *
 * <p>{@link #onReady} comes first and once, {@link #onClosed} last and once. In between {@link
 * #onSuspect} and {@link #onProven} alternate, except for an {@code onProven} that answers {@link
 * WatchedConnection#checkLiveness()}.
 */
public interface ConnectionObserver {

  /** An observer that ignores all events. */
  ConnectionObserver NONE = new ConnectionObserver() {};

  /** Called when the peer's SETTINGS have arrived. */
  default void onReady(WatchedConnection connection) {}

  /** Called when the peer sent something while the connection was stale or suspect. */
  default void onProven() {}

  /**
   * Called when the connection became suspect. The observer opens a replacement and routes no new
   * calls to this connection; open calls stay on it.
   */
  default void onSuspect(CloseReason why) {}

  /** Called once, when the connection is closed. */
  default void onClosed(CloseReason why) {}

  /**
   * The error with which calls fail when this side closes the connection. Its message contains the
   * reason's code, because the peer receives it too, as the debug data of a GOAWAY.
   */
  default Throwable failure(CloseReason why, Object subject) {
    return new IOException(why.describe(subject));
  }
}
