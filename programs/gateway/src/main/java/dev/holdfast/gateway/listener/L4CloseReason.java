package dev.holdfast.gateway.listener;

import dev.holdfast.core.CloseReason;
import java.util.Locale;

/** The reason why a connection at layer 4 ended or was refused. */
enum L4CloseReason {
  /** Both sides half-closed after all bytes had been passed on. */
  CLOSED,
  /** A side was lost or reset, and the other side was reset too. */
  RESET,
  /** No bytes moved for the idle time. */
  IDLE,
  /** The gateway drained, and the connection's time was up. */
  DRAIN,
  /** No endpoint could be reached. */
  NO_CONNECTION,
  /** The connection belongs to no usable cluster. */
  NO_CLUSTER,
  /** The TLS ClientHello is malformed. */
  MALFORMED,
  /** No TLS where the listener requires TLS. */
  PLAINTEXT,
  /** The first bytes did not reveal a protocol in time. */
  SLOW;

  /** The reason as lists of connections have it. */
  CloseReason reason() {
    return switch (this) {
      case CLOSED -> CloseReason.CLOSED_BY_PEER;
      case RESET -> CloseReason.RESET_BY_PATH;
      case IDLE -> CloseReason.MAX_IDLE;
      case DRAIN -> CloseReason.DRAINING;
      case NO_CONNECTION, NO_CLUSTER, MALFORMED, PLAINTEXT, SLOW -> CloseReason.CLOSED_HERE;
    };
  }

  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
