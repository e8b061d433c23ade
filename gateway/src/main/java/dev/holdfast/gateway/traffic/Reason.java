package dev.holdfast.gateway.traffic;

import java.util.Locale;

/** Why a call ended as it did; the log of calls has it beside the status. */
public enum Reason {
  /** The upstream answered it, whatever the status. */
  ANSWERED,
  /** The client cancelled it, or its connection was lost. */
  CLIENT_LEFT,
  /** It fits no route. */
  NO_ROUTE,
  /** Its route names a cluster that there is not. */
  NO_CLUSTER,
  /** There was no connection to any endpoint. */
  NO_CONNECTION,
  /** Its time was over. */
  DEADLINE,
  /** It was older than its route lets calls get. */
  AGE,
  /** It met a limit of the gateway. */
  LIMIT,
  /** What the upstream sent is no answer of gRPC, or not a whole one. */
  BAD_ANSWER,
  /** The upstream reset its stream. */
  UPSTREAM_RESET,
  /** The connection to the upstream was lost or closed. */
  UPSTREAM_LOST,
  /** The gateway closes and had no time left for it. */
  DRAIN,
  /** A request over HTTP that makes no sense, or whose answer can't be translated. */
  HTTP;

  /** As the log has it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
