package dev.holdfast.gateway.cluster;

import java.util.Locale;

/**
 * What speaks against an endpoint. Not what its application answers, nor what a client cancelled,
 * nor a deadline: of those a healthy endpoint has as many.
 */
public enum EndpointFault {
  /** No connection came to be. */
  CONNECT,
  /** A connection was lost under calls; counts once, however many calls were on it. */
  LOST,
  /** It reset a stream, with a code that blames neither the client nor the gateway. */
  RESET,
  /** It answered UNAVAILABLE, or HTTP 502 to 504, before anything else. */
  UNAVAILABLE;

  /** As tags and logs have it. */
  public String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
