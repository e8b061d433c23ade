package dev.holdfast.gateway.traffic;

import java.util.Locale;

/** The cause of a call's end; the call log has it beside the status. */
public enum CallEndReason {
  /** The upstream answered, with any status. */
  ANSWERED,
  /** The client cancelled the call, or its connection was lost. */
  CLIENT_LEFT,
  /** No route matches the request. */
  NO_ROUTE,
  /** The route names a cluster that does not exist. */
  NO_CLUSTER,
  /** No connection to any endpoint could be made. */
  NO_CONNECTION,
  /** The deadline of the call passed. */
  DEADLINE,
  /** The call reached the longest duration that its route allows. */
  AGE,
  /** The call met a limit of the gateway, or its headers exceed the limit of the upstream. */
  LIMIT,
  /** The upstream's response is not valid gRPC, or not complete. */
  BAD_ANSWER,
  /** The upstream reset the stream of the call. */
  UPSTREAM_RESET,
  /** The connection to the upstream was lost or closed. */
  UPSTREAM_LOST,
  /** The gateway drained, and the call's time was up. */
  DRAIN,
  /** The HTTP request is malformed, or its response cannot be transcoded. */
  HTTP;

  /** The value in the call log. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
