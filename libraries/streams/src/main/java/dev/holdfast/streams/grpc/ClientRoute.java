package dev.holdfast.streams.grpc;

import dev.holdfast.core.CloseReason;
import dev.holdfast.hooks.ConnectionWatch;
import dev.holdfast.hooks.HostChannel;
import dev.holdfast.streams.SessionOutput;
import dev.holdfast.streams.StreamAttachment;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The routing of a stream's attachments, and the connection watch of each.
 *
 * <p>An attachment goes to another instance than the channel's own choice only if the session's
 * token, which its server has signed, names that instance.
 */
final class ClientRoute {
  private final ClientStreams streams;
  private final Channel channel;
  private final @Nullable HostChannel host;

  ClientRoute(ClientStreams streams, Channel channel, CallOptions options) {
    this.streams = streams;
    this.channel = channel;
    this.host = options.getOption(HostChannel.KEY);
  }

  /** A call for this attachment; not started. */
  ClientCall<Frame, Frame> call(
      ResumableCall<?, ?> owner,
      SessionOutput.Open open,
      MethodDescriptor<Frame, Frame> method,
      CallOptions options) {
    String instance = open.hello().token().owner().orElse("");
    Channel to = channel;
    CallOptions routed = streams.roomForHeader(options);
    if (host != null) {
      routed = host.watched(routed, new Watch(owner, open.attachment()));
    }
    if (host != null && !instance.isEmpty() && host.knows(instance)) {
      routed = host.toInstance(routed, instance);
    } else {
      if (open.attachment().number() > 1) {
        // While the channel waits to connect again an attempt waits with it, up to the handshake's
        // limit: to fail at once would only make the next delay longer.
        routed = routed.withWaitForReady();
      }
      if (!instance.isEmpty() && instance.equals(open.address())) {
        to = streams.channelTo(instance, channel);
      }
    }
    return to.newCall(method, routed);
  }

  /** Whether nothing more can be begun on the channel. */
  boolean isShutdown() {
    return host != null && host.isShutdown();
  }

  /**
   * The watch on an attachment's connection, which reports to the session on the offload executor.
   */
  private record Watch(ResumableCall<?, ?> owner, StreamAttachment attachment)
      implements ConnectionWatch {
    @Override
    public void onSuspect(CloseReason why) {
      owner.later(
          Duration.ZERO, () -> owner.input((session, now) -> session.onSuspect(now, attachment)));
    }

    @Override
    public void onLeaving() {
      owner.later(
          Duration.ZERO, () -> owner.input((session, now) -> session.onDrain(now, attachment)));
    }
  }
}
