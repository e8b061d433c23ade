package dev.holdfast.gateway.limits;

import java.util.Locale;

/** The limits that are counted when they are met. */
public enum MetLimit {
  /** The number of open client connections. */
  CONNECTIONS,
  /** Rapid reset: a client resets most of its streams as soon as it has opened them. */
  RAPID_RESET,
  /** The size of a header list. */
  HEADER_LIST,
  /** The bytes of one connection that are buffered for slow receivers. */
  CONNECTION_BYTES,
  /**
   * The time for a client to begin: its first bytes, TLS handshake, SETTINGS, or first HTTP/1.1
   * request.
   */
  HANDSHAKE,
  /** The time that a connection may be without a stream. */
  IDLE,
  /** The number of a client's open streams. */
  STREAMS,
  /** The time for the rest of a frame or header block. */
  SLOW_FRAME,
  /**
   * Other floods that end a connection with ENHANCE_YOUR_CALM, or a stream to an upstream: small
   * CONTINUATION frames, empty DATA, streams reset for a client's errors, and control frames that
   * the peer does not read.
   */
  FLOOD,
  /** A flood of PING frames. */
  PINGS,
  /** A flood of SETTINGS frames. */
  SETTINGS,
  /** A flood of frames that carry no call, such as WINDOW_UPDATE. */
  CONTROL_FRAMES,
  /** Responses that their receiver does not read. */
  UNREAD,
  /** The buffer memory of all connections of the process. */
  MEMORY,
  /** The memory for a request that may be retried: the request was not kept. */
  REPLAY,
  /** The retry budget of a cluster: the call was not retried. */
  RETRIES,
  /** The number of cancelled calls on one connection to an upstream: the connection is replaced. */
  UPSTREAM_CANCELS,
  /** The size of a WebSocket message. */
  SOCKET_MESSAGE,
  /** The time for the client of a WebSocket to answer a PING or to end what it began. */
  SOCKET_SILENT;

  /** The value of the meter's tag. */
  public String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
