package dev.holdfast.streams.grpc;

import dev.holdfast.core.CloseReason;
import dev.holdfast.hooks.CallConnectionListener;
import dev.holdfast.hooks.ChannelHooks;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.StreamAttachment;
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
final class AttachmentRouter {
  private final ClientStreams streams;
  private final Channel channel;
  private final @Nullable ChannelHooks host;

  AttachmentRouter(ClientStreams streams, Channel channel, CallOptions options) {
    this.streams = streams;
    this.channel = channel;
    this.host = options.getOption(ChannelHooks.KEY);
  }

  /** Where this attachment goes, as host:port; "" for the channel's own choice. */
  String server(SessionOutput.StartCall startCall) {
    String instance =
        startCall.hello().token().owner().orElseGet(() -> nextInstance(startCall.attachment()));
    return isInstance(instance) || instance.equals(startCall.address()) ? instance : "";
  }

  /** A call for this attachment to a {@link #server}; not started. */
  ClientCall<SessionFrame, SessionFrame> call(
      ResumableClientCall<?, ?> owner,
      SessionOutput.StartCall startCall,
      String server,
      MethodDescriptor<SessionFrame, SessionFrame> method,
      CallOptions options) {
    Channel to = channel;
    CallOptions routed = streams.roomForHeader(options);
    if (host != null) {
      routed = host.withConnectionListener(routed, new Watch(owner, startCall.attachment()));
    }
    if (startCall.attachment().number() > 1) {
      // While the channel waits to connect again an attempt waits with it, up to the handshake's
      // limit: to fail at once would only make the next delay longer.
      routed = routed.withWaitForReady();
    }
    if (host != null && isInstance(server)) {
      routed = host.withInstance(routed, server);
    } else if (server.equals(startCall.address())) {
      to = streams.channelTo(server, channel);
    }
    return to.newCall(method, routed);
  }

  /**
   * The instance for an attachment that replaces one which works, of a session that any instance
   * can take; "" for the channel's own choice.
   */
  private String nextInstance(StreamAttachment attachment) {
    StreamAttachment replaced = attachment.replaced();
    return host != null && replaced != null && replaced.carrier() instanceof ClientAttachment old
        ? host.instanceFor(old.instance(), attachment.isRepeated()).orElse("")
        : "";
  }

  private boolean isInstance(String server) {
    return host != null && !server.isEmpty() && host.hasInstance(server);
  }

  /** Whether nothing more can be begun on the channel. */
  boolean isShutdown() {
    return host != null && host.isShutdown();
  }

  /**
   * The watch on an attachment's connection, which reports to the session on the offload executor.
   */
  private record Watch(ResumableClientCall<?, ?> owner, StreamAttachment attachment)
      implements CallConnectionListener {
    @Override
    public void onSuspect(CloseReason why) {
      owner.later(
          Duration.ZERO, () -> owner.input((session, now) -> session.onSuspect(now, attachment)));
    }

    @Override
    public void onDraining() {
      owner.later(
          Duration.ZERO, () -> owner.input((session, now) -> session.onDrain(now, attachment)));
    }
  }
}
