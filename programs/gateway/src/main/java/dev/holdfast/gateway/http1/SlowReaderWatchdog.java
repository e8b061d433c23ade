package dev.holdfast.gateway.http1;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watchdog for HTTP/1.1 clients that don't read their responses. Runs from when the output buffer
 * passes its high watermark until it is below the low one. Confined to its event loop.
 *
 * <p>A client that pauses within a response has the idle timeout. A client that sends further
 * requests without reading has the shorter handshake timeout.
 */
final class SlowReaderWatchdog {
  private final Channel channel;
  private final GatewayLimits limits;
  private final WatchedClient watchedClient;
  private @Nullable ScheduledFuture<?> timer;
  private long leftBytes;
  private long quietNanos;

  /** The kind of output that an unread client is waiting for. */
  enum AwaitedOutput {
    /** The rest of the current response. */
    REST_OF_RESPONSE,
    /** Responses to further, pipelined requests. */
    NEXT_RESPONSE,
    /**
     * WebSocket messages. PING frames tell whether the client is alive, so the watchdog does not
     * close it.
     */
    WEBSOCKET_MESSAGE
  }

  /** The connection that is watched. */
  interface WatchedClient {
    AwaitedOutput awaitedOutput();

    /** Called when the client has read nothing for too long. */
    void onUnread();
  }

  SlowReaderWatchdog(Channel channel, GatewayLimits limits, WatchedClient watchedClient) {
    this.channel = channel;
    this.limits = limits;
    this.watchedClient = watchedClient;
  }

  /** Starts the watch, unless it runs. */
  void begin() {
    if (timer == null) {
      leftBytes = left(channel);
      quietNanos = 0;
      watch();
    }
  }

  void end() {
    ScheduledFuture<?> known = timer;
    timer = null;
    if (known != null) {
      known.cancel(false);
    }
  }

  private void watch() {
    long nanos = Math.min(limits.handshake().toNanos(), limits.idle().toNanos());
    timer = channel.eventLoop().schedule(() -> look(nanos), nanos, TimeUnit.NANOSECONDS);
  }

  private void look(long nanos) {
    long left = left(channel);
    quietNanos = left < leftBytes ? 0 : quietNanos + nanos;
    leftBytes = left;
    if (isPatient()) {
      watch();
    } else {
      timer = null;
      watchedClient.onUnread();
    }
  }

  private boolean isPatient() {
    return switch (watchedClient.awaitedOutput()) {
      case REST_OF_RESPONSE -> quietNanos < limits.idle().toNanos();
      case NEXT_RESPONSE -> quietNanos < limits.handshake().toNanos();
      case WEBSOCKET_MESSAGE -> true;
    };
  }

  /** The number of bytes that wait to be written to a channel's socket. */
  static long left(Channel channel) {
    ChannelOutboundBuffer unsent = channel.unsafe().outboundBuffer();
    return unsent == null ? 0 : unsent.totalPendingWriteBytes() - unsent.currentProgress();
  }
}
