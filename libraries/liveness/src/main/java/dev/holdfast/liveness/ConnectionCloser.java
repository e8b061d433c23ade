package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.unix.Errors;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The close of a connection with a reason that both ends learn, and the reading of such a reason.
 */
final class ConnectionCloser {
  @Limit(
      of = "time that saying why to a peer that is given up may take",
      then = "the connection is closed without")
  static final Duration GOAWAY_TIMEOUT = Duration.ofSeconds(1);

  /** Linux: the kernel gave up after keepalive probes or the user timeout. */
  private static final int ETIMEDOUT_NEGATIVE = -110;

  private ConnectionCloser() {}

  /**
   * Passes the cause of a socket's end on to the handlers above.
   *
   * @param http2 null while TLS or gRPC still negotiate
   */
  static void tell(
      ChannelHandlerContext ctx, @Nullable Http2ConnectionHandler http2, Throwable told) {
    ChannelHandlerContext at = http2 == null ? null : ctx.pipeline().context(http2);
    if (http2 != null && at != null) {
      failCalls(at, http2, told);
    }
    ctx.fireExceptionCaught(told);
  }

  /**
   * Sends GOAWAY with the reason, tells the stack above us, and closes.
   *
   * @param http2 null while TLS or gRPC still negotiate
   */
  static void close(
      ChannelHandlerContext ctx,
      @Nullable Http2ConnectionHandler http2,
      String reason,
      Throwable told) {
    ChannelHandlerContext at = http2 == null ? null : ctx.pipeline().context(http2);
    if (http2 == null || at == null) {
      ctx.pipeline().fireExceptionCaught(told);
      var unused = ctx.close();
      return;
    }
    // Ours first: the one that onError would send says INTERNAL_ERROR, which stock clients show
    // as INTERNAL, and a second GOAWAY with the same last stream is left out.
    var unusedGoAway =
        http2.goAway(
            at,
            http2.connection().remote().lastStreamCreated(),
            Http2Error.NO_ERROR.code(),
            ByteBufUtil.writeUtf8(ctx.alloc(), reason),
            at.newPromise());
    at.flush();
    failCalls(at, http2, told);
    http2.onError(at, false, told);
    at.flush();
    var unused =
        ctx.executor()
            .schedule(
                () -> {
                  var unusedToo = ctx.close();
                },
                GOAWAY_TIMEOUT.toMillis(),
                TimeUnit.MILLISECONDS);
  }

  /**
   * Ends each call of a client with the reason: left to itself grpc would tell them why it let go
   * of the connection first, which may have been a race that they outlived.
   */
  private static void failCalls(
      ChannelHandlerContext at, Http2ConnectionHandler http2, Throwable told) {
    if (http2.connection().isServer()) {
      return;
    }
    List<Integer> open = new ArrayList<>();
    try {
      http2
          .connection()
          .forEachActiveStream(
              stream -> {
                open.add(stream.id());
                return true;
              });
    } catch (Http2Exception e) {
      throw new IllegalStateException("to collect numbers can't fail", e);
    }
    for (int id : open) {
      http2.onError(
          at, false, Http2Exception.streamError(id, Http2Error.CANCEL, told, "connection lost"));
    }
  }

  /** The reason for which a monitor suspects or closes. */
  static CloseReason reasonOf(LivenessMonitor watch) {
    return watch.closeReason() == null ? CloseReason.PEER_SILENT : watch.closeReason();
  }

  /**
   * The reason that an exception of a socket tells; null when it tells none.
   *
   * @param sentGoAway whether the peer sent a GOAWAY and no call is open: who then closes a socket
   *     with something unread in it resets it to TCP, and has closed it all the same
   */
  static @Nullable CloseReason reasonOf(Throwable cause, boolean sentGoAway) {
    if (cause instanceof Errors.NativeIoException e && e.expectedErr() == ETIMEDOUT_NEGATIVE) {
      return CloseReason.PEER_SILENT;
    }
    if (!(cause instanceof IOException)) {
      return null;
    }
    return sentGoAway ? CloseReason.CLOSED_BY_PEER : CloseReason.RESET_BY_PATH;
  }
}
