package dev.holdfast.streams.grpc;

import dev.holdfast.core.Subscription;
import dev.holdfast.hooks.ServerHooks;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.grpc.internal.message.HandshakeMetadata;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import dev.holdfast.streams.session.AttachmentCloseReason;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Welcome;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A physical call of a server's session.
 *
 * <p>The session's driver sends, one thread at a time. gRPC delivers received messages, one
 * callback at a time.
 */
final class ServerAttachment extends ServerCall.Listener<SessionFrame> {
  private final ServerCall<SessionFrame, SessionFrame> call;
  private final StreamAttachment attachment;

  /** A field: a reader of 100,000 streams would have to look it up in as many attributes. */
  private final @Nullable SocketAddress peer;

  /** Made when it is first asked for; two threads may both make it. */
  private @Nullable String peerText;

  private @Nullable ServerStream<?, ?> stream;
  private volatile @Nullable ServerHooks host;
  private volatile Subscription ofConnection = () -> {};

  /** The gRPC thread that delivers a message now; null for none. */
  private volatile @Nullable Thread reader;

  // Used by the reader.
  private int requestsDue;

  /** Whether its last message was answered while it was handled. */
  private boolean answers;

  private boolean answered = true;

  // Used by the driver.
  private @Nullable Welcome heldWelcome;
  private boolean headersSent;
  private boolean closed;
  private boolean compression;

  ServerAttachment(ServerCall<SessionFrame, SessionFrame> call, StreamAttachment attachment) {
    this.call = call;
    this.attachment = attachment;
    this.peer = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
  }

  /** Binds the call to the session that admitted it, before gRPC delivers anything. */
  void bind(ServerStream<?, ?> admitted) {
    stream = admitted;
  }

  /**
   * @param newHost null when it is none of Holdfast's
   * @param watch closed with the call
   */
  void cameBy(@Nullable ServerHooks newHost, Subscription watch) {
    host = newHost;
    ofConnection = watch;
  }

  boolean cameBy(ServerHooks other) {
    return host == other;
  }

  // To the client; by the driver.

  /** The welcome goes out with the headers, which may wait for what the handler puts into them. */
  void hold(Welcome welcome) {
    heldWelcome = welcome;
  }

  void sendHeaders(Metadata application, @Nullable String compressor) {
    Welcome welcome = heldWelcome;
    if (welcome == null || closed) {
      return;
    }
    heldWelcome = null;
    headersSent = true;
    if (compressor != null) {
      call.setCompression(compressor);
    }
    call.sendHeaders(HandshakeMetadata.with(application, welcome.toByteArray()));
    followWritable();
  }

  void send(@Nullable FrameHeader header, Payload body, boolean compressed) {
    if (closed || !headersSent) {
      return;
    }
    if (compressed != compression) {
      compression = compressed;
      call.setMessageCompression(compressed);
    }
    answered |= reader == Thread.currentThread() && isMessage(header);
    call.sendMessage(new SessionFrame(header, body));
    followWritable();
  }

  /**
   * Requests one more message. When the handler answers messages, the thread that delivered the
   * last message requests it after the answer, so that the transport is woken once for both. gRPC
   * delivers the next message on the same thread in any case. Without answers the transport reads
   * the next message while this one is handled.
   */
  void request() {
    if (answers && reader == Thread.currentThread()) {
      requestsDue++;
    } else if (!closed) {
      call.request(1);
    }
  }

  private static boolean isMessage(@Nullable FrameHeader header) {
    return header == null || header.isMessage();
  }

  void refuse(HandshakeRefusal handshakeRefusal) {
    end(statusOf(handshakeRefusal), HandshakeMetadata.with(null, handshakeRefusal.toByteArray()));
  }

  void close(AttachmentCloseReason why) {
    switch (why) {
      case DONE, UNNEEDED -> end(Status.OK, new Metadata());
      case REPLACED -> refuse(HandshakeRefusal.of(HandshakeRefusal.RefusalCode.FENCED));
      case PROTOCOL_ERROR -> end(Status.INTERNAL.withDescription(why.sentence()), new Metadata());
      case SILENT, RESPONSE_HELD ->
          end(Status.UNAVAILABLE.withDescription(why.sentence()), new Metadata());
    }
  }

  void end(Status status, Metadata trailers) {
    if (!closed) {
      closed = true;
      call.close(status, trailers);
    }
  }

  private void followWritable() {
    if (!call.isReady()) {
      stream().tell(session -> session.onWritable(attachment, false));
      if (call.isReady()) {
        // It became ready in between, and said so before we said it was not.
        stream().tell(session -> session.onWritable(attachment, true));
      }
    }
  }

  // From the client; by grpc.

  @Override
  public void onMessage(SessionFrame sessionFrame) {
    SessionFrame opened;
    try {
      opened = sessionFrame.open(attachment.tag());
    } catch (WireException e) {
      SessionFrame.release(sessionFrame.body());
      stream().onMalformedFrame(attachment, e);
      return;
    }
    FrameHeader header = opened.header();
    Payload body = opened.body();
    if (isMessage(header)) {
      answers = answered;
      answered = false;
    }
    reader = Thread.currentThread();
    try {
      stream().receive((session, now) -> session.onFrame(now, attachment, header, body));
    } finally {
      reader = null;
      SessionFrame.settle(body);
      if (requestsDue > 0) {
        call.request(requestsDue);
        requestsDue = 0;
      }
    }
  }

  @Override
  public void onHalfClose() {
    stream().input((session, now) -> session.onHalfClosed(now, attachment));
  }

  @Override
  public void onReady() {
    stream().input((session, now) -> session.onWritable(attachment, true));
  }

  @Override
  public void onCancel() {
    ofConnection.close();
    // A reset of the stream and the end of its connection look the same from here.
    stream().onPhysicalEnd(attachment, CallClosure.connection(), "connection or stream ended");
  }

  @Override
  public void onComplete() {
    ofConnection.close();
    stream().onPhysicalEnd(attachment, CallClosure.connection(), "call ended");
  }

  StreamAttachment attachment() {
    return attachment;
  }

  ServerCall<SessionFrame, SessionFrame> call() {
    return call;
  }

  String peer() {
    String text = peerText;
    if (text == null) {
      text = peer == null ? "" : peer.toString();
      peerText = text;
    }
    return text;
  }

  /** The status for clients and proxies that don't know the refusal beside it. */
  static Status statusOf(HandshakeRefusal handshakeRefusal) {
    Status status =
        switch (handshakeRefusal.code()) {
          case UNKNOWN, EXPIRED, GAP -> Status.FAILED_PRECONDITION;
          case FENCED -> Status.ABORTED;
          case MOVED, BUSY -> Status.UNAVAILABLE;
          case DENIED -> Status.PERMISSION_DENIED;
        };
    return status.withDescription("stream session: " + handshakeRefusal.code());
  }

  private ServerStream<?, ?> stream() {
    return Objects.requireNonNull(stream);
  }
}
