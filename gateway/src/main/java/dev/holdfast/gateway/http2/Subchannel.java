package dev.holdfast.gateway.http2;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Subscription;
import dev.holdfast.gateway.limits.GatewayMeters;
import io.netty.handler.codec.http2.Http2Error;
import org.jspecify.annotations.Nullable;

/**
 * Counts one connection to an endpoint as gRFC A94 has it: whether it came about, and the first
 * reason for its end, in the words of that document. On its event loop.
 */
final class Subchannel {
  private static final String SHUTDOWN = "subchannel shutdown";
  private static final String RESET = "connection reset";
  private static final String TIMED_OUT = "connection timed out";
  private static final String UNKNOWN = "unknown";

  private final GatewayMeters meters;
  private final String cluster;
  private @Nullable Subscription open;
  private @Nullable String error;

  Subchannel(GatewayMeters meters, String cluster) {
    this.meters = meters;
    this.cluster = cluster;
  }

  /** The peer's SETTINGS came. */
  void onConnected() {
    open = meters.connected(cluster);
  }

  /** It is gone, or never came about. */
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

  /** The gateway has no use for it. */
  void onRetired() {
    blame(SHUTDOWN);
  }

  /** The peer says that it should go. */
  void onGoAway(long code) {
    Http2Error known = Http2Error.valueOf(code);
    blame("GOAWAY " + (known == null ? Http2Error.INTERNAL_ERROR : known).name());
  }

  /** It ended as the liveness room says. */
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
