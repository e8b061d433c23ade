package dev.holdfast.gateway.limits;

import java.util.Locale;

/** The limits whose meeting is counted. */
public enum MetLimit {
  /** More connections of clients than may be open at once. */
  CONNECTIONS,
  /** Streams that were reset as soon as they were opened, and hardly any other. */
  RAPID_RESET,
  /** Headers larger than allowed. */
  HEADER_LIST,
  /** More bytes of one connection wait for slow receivers than allowed. */
  CONNECTION_BYTES,
  /** A client that did not begin in time. */
  HANDSHAKE,
  /** A connection without a stream for too long. */
  IDLE,
  /** More streams than a client may have open. */
  STREAMS,
  /** A frame, or headers, that a client began and did not end in time. */
  SLOW_FRAME,
  /**
   * Floods of resets, CONTINUATION or empty DATA, or of answers that nobody reads, as Netty has it.
   */
  FLOOD,
  /** PINGs without an end. */
  PINGS,
  /** SETTINGS without an end. */
  SETTINGS,
  /** Frames that carry no call, such as WINDOW_UPDATE, without an end. */
  CONTROL_FRAMES,
  /** Answers that their receiver does not read. */
  UNREAD,
  /** All connections together keep as much as the process may. */
  MEMORY,
  /** A request that could not be kept to be sent again, as so much is kept already. */
  REPLAY,
  /**
   * A call that was not tried again, as the calls of its cluster had as many attempts as allowed.
   */
  RETRIES,
  /** So many calls were cancelled over one connection to an upstream that it was replaced. */
  UPSTREAM_CANCELS,
  /** A message of a WebSocket that is too long. */
  SOCKET_MESSAGE,
  /** A WebSocket whose client answers no PING, or does not end what it began. */
  SOCKET_SILENT;

  /** As tags have it. */
  public String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
