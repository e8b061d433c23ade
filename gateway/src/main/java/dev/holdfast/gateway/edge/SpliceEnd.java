package dev.holdfast.gateway.edge;

import java.util.Locale;

/** How a connection ended that was not HTTP. */
enum SpliceEnd {
  /** Both sides said all that they had to say. */
  CLOSED,
  /** One side was cut off, and so was the other. */
  RESET,
  /** Nothing moved for too long. */
  IDLE,
  /** The gateway closed. */
  DRAIN,
  /** No endpoint could be reached. */
  NO_CONNECTION,
  /** It belongs to no cluster. */
  NO_CLUSTER,
  /** Its TLS makes no sense. */
  MALFORMED,
  /** No TLS where it is asked for. */
  PLAINTEXT,
  /** It did not say in time what it wants. */
  SLOW;

  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
