package dev.holdfast.gateway.upstream;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Subscription;
import dev.holdfast.gateway.limits.GatewayMeters;
import io.netty.handler.codec.http2.Http2Error;
import org.jspecify.annotations.Nullable;

/**
 * The meters of one connection to an endpoint (gRFC A94): success or failure to connect, and the
 * first reason of its end, in the words of that document. Confined to its event loop.
 */
final class SubchannelMeters {
  private static final String SHUTDOWN = "subchannel shutdown";
  private static final String RESET = "connection reset";
  private static final String TIMED_OUT = "connection timed out";
  private static final String UNKNOWN = "unknown";

  private final GatewayMeters meters;
  private final String cluster;
  private @Nullable Subscription open;
  private @Nullable String error;

  SubchannelMeters(GatewayMeters meters, String cluster) {
    this.meters = meters;
    this.cluster = cluster;
  }

  /** The peer's SETTINGS arrived: the connection is established. */
  void onConnected() {
    open = meters.connected(cluster);
  }

  /** The connection closed, or could not be established. */
  void onGone() {
    Subscription known = open;
    if (known != null) {
      open = null;
      known.close();
      meters.disconnected(cluster, error == null ? UNKNOWN : error);
    } else if (!SHUTDOWN.equals(error)) {
      meters.connectFailed(cluster);
    }
  }

  /** The gateway retired the connection. */
  void onRetired() {
    blame(SHUTDOWN);
  }

  /** The peer sent GOAWAY with this error code. */
  void onGoAway(long code) {
    Http2Error known = Http2Error.valueOf(code);
    blame("GOAWAY " + (known == null ? Http2Error.INTERNAL_ERROR : known).name());
  }

  /** The liveness check closed the connection. */
  void onClosed(CloseReason why) {
    switch (why) {
      case RESET_BY_PATH -> blame(RESET);
      case NO_SETTINGS,
          PROOF_MISSED,
          PROBE_MISSED,
          DATA_UNACKED,
          PEER_SILENT,
          PEER_STUCK,
          PATH_DOWN,
          HOP_ANSWERS_ALONE ->
          blame(TIMED_OUT);
      default -> blame(UNKNOWN);
    }
  }

  private void blame(String why) {
    if (error == null) {
      error = why;
    }
  }
}
