package dev.holdfast.gateway.loop;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.gateway.traffic.ConnectionListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A channel handler that reports a client connection of another protocol than HTTP/2 to a {@link
 * ConnectionListener}. A connection that ends without a close of the gateway was closed by the
 * client, one that ends in a drain by that. Confined to the event loop of the connection.
 */
public final class ClientConnectionReporter extends ChannelOutboundHandlerAdapter {
  private final ConnectionListener.OpenConnection open;
  private final BooleanSupplier draining;
  private boolean called;
  private @Nullable CloseReason reason;

  /**
   * Creates the handler of one connection.
   *
   * @param draining whether the gateway drains
   */
  ClientConnectionReporter(ConnectionListener.OpenConnection open, BooleanSupplier draining) {
    this.open = open;
    this.draining = draining;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    var unused = ctx.channel().closeFuture().addListener(closed -> open.onClosed(reason()));
  }

  private CloseReason reason() {
    boolean unspecific = reason == null || reason == CloseReason.CLOSED_HERE;
    if (unspecific && draining.getAsBoolean()) {
      return CloseReason.DRAINING;
    }
    return reason == null ? CloseReason.CLOSED_BY_PEER : reason;
  }

  /** Reports the user-agent of the first request; later ones change nothing. */
  public void onRequest(@Nullable CharSequence userAgent) {
    if (!called) {
      called = true;
      if (userAgent != null) {
        open.onAgent(userAgent.toString());
      }
    }
  }

  /** Reports that the connection was upgraded. */
  public void onWebSocket() {
    open.onWebSocket();
  }

  /** Records why the connection is about to be closed; the first reason counts. */
  public void onEnding(CloseReason why) {
    if (reason == null) {
      reason = why;
    }
  }

  /** Records the failure that the connection is closed for. */
  public void onFailure(Throwable cause) {
    open.onEvidence("socket: " + IoErrorText.of(cause));
    onEnding(cause instanceof IOException ? CloseReason.RESET_BY_PATH : CloseReason.CLOSED_HERE);
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    onEnding(CloseReason.CLOSED_HERE);
    var unused = ctx.close(promise);
  }
}
