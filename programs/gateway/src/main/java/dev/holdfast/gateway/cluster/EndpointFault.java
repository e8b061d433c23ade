package dev.holdfast.gateway.cluster;

import java.util.Locale;

/**
 * The faults that count against an endpoint in outlier detection. Application errors, cancelled
 * calls and deadlines do not count, since healthy endpoints have them too.
 */
public enum EndpointFault {
  /** A connection could not be established. */
  CONNECT,
  /** A connection was lost under calls; counts once, however many calls were on it. */
  LOST,
  /** The endpoint reset a stream, with a code that blames neither the client nor the gateway. */
  RESET,
  /** The endpoint responded with UNAVAILABLE, or HTTP 502 to 504, before anything else. */
  UNAVAILABLE;

  /** The value in tags and logs. */
  public String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
