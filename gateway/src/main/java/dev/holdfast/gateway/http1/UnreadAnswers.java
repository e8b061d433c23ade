package dev.holdfast.gateway.http1;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watches whether a client over HTTP/1.1 takes what waits for it, from when that is much until it
 * is little again. On its event loop only.
 *
 * <p>A device that pauses within an answer is waited for as long as one without a request; a client
 * that asks for more and does not take the answers that it has is not.
 */
final class UnreadAnswers {
  private final Channel channel;
  private final GatewayLimits limits;
  private final Client client;
  private @Nullable ScheduledFuture<?> timer;
  private long leftBytes;
  private long quietNanos;

  /** What a client wants that takes nothing of what waits for it. */
  enum Wants {
    /** The rest of its answer. */
    REST,
    /** Answers to further requests. */
    MORE,
    /** What comes by its WebSocket, whose PINGs tell whether it is there. */
    SOCKET
  }

  /** The client's connection. */
  interface Client {
    Wants wants();

    /** It took nothing for too long. */
    void onUnread();
  }

  UnreadAnswers(Channel channel, GatewayLimits limits, Client client) {
    this.channel = channel;
    this.limits = limits;
    this.client = client;
  }

  /** Watches from now on. */
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
      client.onUnread();
    }
  }

  private boolean isPatient() {
    return switch (client.wants()) {
      case REST -> quietNanos < limits.idle().toNanos();
      case MORE -> quietNanos < limits.handshake().toNanos();
      case SOCKET -> true;
    };
  }

  /** How many bytes wait to be written to the socket of a channel. */
  static long left(Channel channel) {
    ChannelOutboundBuffer unsent = channel.unsafe().outboundBuffer();
    return unsent == null ? 0 : unsent.totalPendingWriteBytes() - unsent.currentProgress();
  }
}
