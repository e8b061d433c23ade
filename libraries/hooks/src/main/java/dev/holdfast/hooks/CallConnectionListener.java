package dev.holdfast.hooks;

import dev.holdfast.core.CloseReason;

/**
 * A listener for the state of the connection below one call, for as long as the call lasts. Called
 * on threads of the channel, which must not be blocked.
 */
public interface CallConnectionListener {
  /** The connection may be dead: it was silent, or what was sent is not acknowledged. */
  void onSuspect(CloseReason why);

  /** The connection takes no new calls: its server sent GOAWAY, or a replacement took over. */
  void onDraining();
}
