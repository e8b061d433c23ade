package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.call.LocalReplies;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MetLimit;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/**
 * The reaction of one client connection to rapid resets ({@link RapidResets}). The client is asked
 * to leave: calls in flight go on, new ones get a local reply, its frames are handled slowly, and
 * at last the connection is closed. Confined to its event loop.
 */
final class ResetGuard {
  private static final String TOO_MANY_RESETS = "too many rapid resets of streams";

  private final DownstreamConnection client;
  private final long acknowledgeNanos;
  private final RapidResets resets;
  private boolean refusing;

  ResetGuard(DownstreamConnection client, GatewayLimits limits) {
    this.client = client;
    this.acknowledgeNanos = limits.handshake().toNanos();
    this.resets = new RapidResets(limits.streams());
  }

  /** Counts a closed stream, whatever ended it. */
  void onEnd() {
    resets.onEnd();
  }

  /** Counts a stream that the client reset before its response began. */
  void onReset(OpenedStream opened) {
    if (refusing) {
      return;
    }
    long nowNanos = System.nanoTime();
    if (resets.onReset(nowNanos, nowNanos - opened.sinceNanos(), opened.timeoutNanos())) {
      refuseFromNowOn();
    }
  }

  /**
   * Counts a call that the gateway ended because of what its client asked for.
   *
   * @param forwarded whether the call caused work for an upstream
   */
  void onGivenUp(OpenedStream opened, boolean forwarded) {
    if (refusing) {
      return;
    }
    if (!forwarded) {
      onUnforwarded();
      return;
    }
    // Its age would tell how late the timer of a busy loop is.
    long timeoutNanos = opened.timeoutNanos();
    if (timeoutNanos > 0 && resets.onReset(System.nanoTime(), timeoutNanos, timeoutNanos)) {
      refuseFromNowOn();
    }
  }

  /** Counts a call with a local reply that caused no work for an upstream. */
  void onUnforwarded() {
    if (!refusing && resets.onUnforwarded(System.nanoTime())) {
      refuseFromNowOn();
    }
  }

  /**
   * Refuses a new call of a client that was asked to leave.
   *
   * @return false when the client was not asked to leave, so that the call goes on
   * @throws Http2Exception when the client began too many calls after it
   */
  boolean refuses(CallStream stream, boolean ended) throws Http2Exception {
    if (!refusing) {
      return false;
    }
    if (resets.onRefused()) {
      throw Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, TOO_MANY_RESETS);
    }
    client.loop().meters().localReply(LocalReplyStatus.RESOURCE_EXHAUSTED.name());
    String what = "gateway: " + TOO_MANY_RESETS + ", connect again";
    client.send(
        stream, LocalReplies.trailersOnly(LocalReplyStatus.RESOURCE_EXHAUSTED, what), true, null);
    if (!ended) {
      client.reset(stream, Http2Error.NO_ERROR.code());
    }
    return true;
  }

  private void refuseFromNowOn() {
    client.loop().meters().met(MetLimit.RAPID_RESET);
    refusing = true;
    client.slowDown();
    client.drain(TOO_MANY_RESETS, acknowledgeNanos);
  }
}
