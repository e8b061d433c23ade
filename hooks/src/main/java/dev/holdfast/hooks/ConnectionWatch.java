package dev.holdfast.hooks;

import dev.holdfast.core.CloseReason;

/**
 * Hears what a channel knows of the connection below one call, while the call lasts. Called on
 * threads of the channel, which must not be blocked.
 */
public interface ConnectionWatch {
  /** The connection may be dead: it was silent, or what was sent is not acknowledged. */
  void onSuspect(CloseReason why);

  /** The connection takes no new calls: its server said goodbye, or another one replaced it. */
  void onLeaving();
}
