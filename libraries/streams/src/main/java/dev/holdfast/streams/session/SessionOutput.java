package dev.holdfast.streams.session;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An action that a session requests; the shell executes the actions in the order in which it polls
 * them.
 */
public sealed interface SessionOutput {

  /**
   * Client: begin a physical call.
   *
   * @param hello goes into its request headers
   * @param address where to, as host:port; "" for wherever the channel leads
   * @param handover goes into its request headers as well: the hand-over that the client shows, or
   *     the offer to take one
   * @param plain whether it goes without the hello, to a server that can't know the session; it
   *     counts as answered ({@link ClientSession#onPlainHeaders}) as soon as there is a transport
   */
  record StartCall(
      StreamAttachment attachment,
      Hello hello,
      String address,
      boolean plain,
      SessionHandover handover)
      implements SessionOutput {}

  /** Server: send response headers with the welcome, now. */
  record Accept(StreamAttachment attachment, Welcome welcome) implements SessionOutput {}

  /** Server: end the call with trailers that carry the refusal. */
  record Refuse(StreamAttachment attachment, HandshakeRefusal refusal) implements SessionOutput {}

  /**
   * Write one gRPC message: the header's bytes, if there is one, then the body's.
   *
   * @param header null where the peer is not to see one
   */
  record Send(StreamAttachment attachment, @Nullable FrameHeader header, Payload body)
      implements SessionOutput {}

  /**
   * Client: the session has had no attachment for a while; tell the application.
   *
   * @param left the most time for which attempts go on
   */
  record Waiting(Duration left) implements SessionOutput {}

  /** Client: after {@link Waiting}, an attachment carries the session again. */
  record Resumed() implements SessionOutput {}

  /** Ask the physical call for one more message; until then what comes stays in its transport. */
  record Request(StreamAttachment attachment) implements SessionOutput {}

  /** Client: half-close the physical call, because a plain peer may wait for it. */
  record HalfClose(StreamAttachment attachment) implements SessionOutput {}

  /**
   * End the physical call. With DONE a server ends it with OK and a client half-closes and reads to
   * the end; otherwise it is reset, by a server with trailers that carry FENCED when REPLACED.
   */
  record EndCall(StreamAttachment attachment, AttachmentCloseReason why) implements SessionOutput {}

  /**
   * Server: start the application's handler, before anything is delivered to it.
   *
   * @param resumedFrom the position up to which an earlier instance had processed everything; 0 in
   *     a new session
   * @param halfClosed whether the client's half-close was among it, and no handler has answered it
   * @param position the number of messages that earlier instances have sent
   */
  record StartHandler(long resumedFrom, boolean halfClosed, long position)
      implements SessionOutput {}

  /** Hand a message to the application; tell {@link StreamSession#processed} when it is done. */
  record Deliver(long seq, Payload message) implements SessionOutput {}

  /** Server: the client's application half-closed, after everything delivered so far. */
  record HalfClosed() implements SessionOutput {}

  /** {@link StreamSession#isReady} became true again. */
  record Ready() implements SessionOutput {}

  /**
   * Client, level reopen: a new plain stream was opened, and the application sends its first
   * messages anew, between {@link ClientSession#beginReopen} and {@link
   * ClientSession#finishReopen}.
   */
  record Reopened() implements SessionOutput {}

  /**
   * Client: a handler of another instance begins anew with the same request. What is delivered from
   * now on is what it sends.
   *
   * @param messages messages of earlier handlers, all of which were delivered
   */
  record Restarted(long messages) implements SessionOutput {}

  /** Server, level durable: ask the store, and answer by {@link ServerSession#onStored}. */
  record Store(StoreRequest request) implements SessionOutput {}

  /** Tell the application the end of the session; comes once. */
  record Ended(SessionEnd end) implements SessionOutput {}
}
