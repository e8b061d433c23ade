package dev.holdfast.streams.grpc;

import dev.holdfast.core.Subscription;
import dev.holdfast.hooks.HostServer;
import dev.holdfast.streams.AttachmentEnd;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.PhysicalEnd;
import dev.holdfast.streams.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.Refusal;
import dev.holdfast.streams.wire.Welcome;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A physical call of a server's session.
 *
 * <p>The session's driver sends, one thread at a time. gRPC delivers received messages, one
 * callback at a time.
 */
final class ServerAttachment extends ServerCall.Listener<Frame> {
  private final ServerCall<Frame, Frame> call;
  private final StreamAttachment attachment;
  private @Nullable ServerStream<?, ?> stream;
  private volatile @Nullable HostServer host;
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

  ServerAttachment(ServerCall<Frame, Frame> call, StreamAttachment attachment) {
    this.call = call;
    this.attachment = attachment;
  }

  /** Binds the call to the session that admitted it, before gRPC delivers anything. */
  void bind(ServerStream<?, ?> admitted) {
    stream = admitted;
  }

  /**
   * @param newHost null when it is none of Holdfast's
   * @param watch closed with the call
   */
  void cameBy(@Nullable HostServer newHost, Subscription watch) {
    host = newHost;
    ofConnection = watch;
  }

  boolean cameBy(HostServer other) {
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
    call.sendHeaders(Handshakes.with(application, welcome.toByteArray()));
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
    call.sendMessage(new Frame(header, body));
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

  void refuse(Refusal refusal) {
    end(statusOf(refusal), Handshakes.with(null, refusal.toByteArray()));
  }

  void close(AttachmentEnd why) {
    switch (why) {
      case DONE, UNNEEDED -> end(Status.OK, new Metadata());
      case REPLACED -> refuse(Refusal.of(Refusal.Code.FENCED));
      case BROKEN -> end(Status.INTERNAL.withDescription(why.sentence()), new Metadata());
      case SILENT -> end(Status.UNAVAILABLE.withDescription(why.sentence()), new Metadata());
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
  public void onMessage(Frame frame) {
    Frame opened;
    try {
      opened = frame.open(attachment.tag());
    } catch (WireException e) {
      Frame.release(frame.body());
      stream().onNonsense(attachment, e);
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
      Frame.settle(body);
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
    stream().onPhysicalEnd(attachment, PhysicalEnd.connection(), "connection or stream ended");
  }

  @Override
  public void onComplete() {
    ofConnection.close();
    stream().onPhysicalEnd(attachment, PhysicalEnd.connection(), "call ended");
  }

  StreamAttachment attachment() {
    return attachment;
  }

  ServerCall<Frame, Frame> call() {
    return call;
  }

  String peer() {
    Object address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    return address == null ? "" : address.toString();
  }

  /** The status for clients and proxies that don't know the refusal beside it. */
  static Status statusOf(Refusal refusal) {
    Status status =
        switch (refusal.code()) {
          case UNKNOWN, EXPIRED, GAP -> Status.FAILED_PRECONDITION;
          case FENCED -> Status.ABORTED;
          case MOVED, BUSY -> Status.UNAVAILABLE;
          case DENIED -> Status.PERMISSION_DENIED;
        };
    return status.withDescription("stream session: " + refusal.code());
  }

  private ServerStream<?, ?> stream() {
    return Objects.requireNonNull(stream);
  }
}
