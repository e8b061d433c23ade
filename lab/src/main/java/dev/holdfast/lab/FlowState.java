package dev.holdfast.lab;

/**
 * What a {@link Middlebox} does with a connection.
 *
 * <p>OPENING to OPEN when the target answers; OPEN to any other; HALF_OPEN to SILENCED; each to
 * ENDED. ENDED is final.
 */
enum FlowState {
  /** The target has not answered yet; nothing is read. */
  OPENING,
  /** Bytes pass as the faults say. */
  OPEN,
  /** The server's side is gone and the client was not told. */
  HALF_OPEN,
  /** Forgotten: nothing passes, nobody is told. */
  SILENCED,
  /** Forgotten: the next packet of a side is answered by a reset. */
  REFUSING,
  /** What was held passes on, then both sides are closed. */
  CLOSING,
  /** Both sockets are closed. */
  ENDED
}
