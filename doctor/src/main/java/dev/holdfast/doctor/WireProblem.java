package dev.holdfast.doctor;

/** Why a connection never came to speak HTTP/2. */
enum WireProblem {
  /** The host has no address. */
  UNRESOLVED,
  /** Nothing listens there. */
  REFUSED,
  /** TCP did not come about in time. */
  CONNECT_TIMEOUT,
  /** TCP failed otherwise: no route, no permission. */
  CONNECT_FAILED,
  /** The TLS handshake failed. */
  TLS_FAILED,
  /** TLS came about, and the server did not choose {@code h2}. */
  NO_ALPN,
  /** Something that is not HTTP/2 answered. */
  NOT_HTTP2,
  /** The connection was ended before the SETTINGS. */
  ENDED,
  /** No SETTINGS came in time. */
  NO_SETTINGS
}
