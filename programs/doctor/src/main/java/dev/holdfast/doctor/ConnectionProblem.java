package dev.holdfast.doctor;

/** The reasons for which a connection never reached HTTP/2. */
enum ConnectionProblem {
  /** The host has no address. */
  UNRESOLVED,
  /** The TCP connection was refused. */
  REFUSED,
  /** The TCP handshake did not complete in time. */
  CONNECT_TIMEOUT,
  /** TCP failed otherwise: no route, no permission. */
  CONNECT_FAILED,
  /** The TLS handshake failed, on either side. */
  TLS_FAILED,
  /** The TLS handshake succeeded, but the server did not select {@code h2}. */
  NO_ALPN,
  /** Something that is not HTTP/2 answered. */
  NOT_HTTP2,
  /** The connection was ended before the SETTINGS. */
  ENDED,
  /** No SETTINGS came in time. */
  NO_SETTINGS
}
