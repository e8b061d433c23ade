package dev.holdfast.lab;

/**
 * The state of a connection through a {@link Middlebox}.
 *
 * <p>OPENING to OPEN when the target answers; OPEN to any other; HALF_OPEN to SILENCED; each to
 * ENDED. ENDED is final.
 */
enum FlowState {
  /** The target has not answered yet; nothing is read. */
  OPENING,
  /** Bytes pass as the faults say. */
  OPEN,
  /** The server's side is closed, and the client was not notified. */
  HALF_OPEN,
  /** The connection is dropped silently: nothing passes, and neither side is notified. */
  SILENCED,
  /** The connection is dropped, and the next packet of either side is answered by a reset. */
  REFUSING,
  /** Held bytes are still written, then both sides are closed. */
  CLOSING,
  /** Both sockets are closed; the state is final. */
  ENDED
}
