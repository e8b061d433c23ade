package dev.holdfast.gateway.resume;

/** The result of a reader's wish to go on behind a position. */
enum AttachResult {
  /** The reader is attached; an earlier one no longer is. */
  ATTACHED,
  /** The reader has everything, the end included, and is not attached. */
  COMPLETE,
  /** A message behind the position is no longer kept. */
  TOO_LATE,
  /** No reader was handed that many. */
  BEYOND
}
