package dev.holdfast.streams.grpc;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.grpc.internal.driver.ChannelResumeLimiter;
import dev.holdfast.streams.grpc.internal.message.FinalStatus;
import dev.holdfast.streams.grpc.internal.message.HandshakeMetadata;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import dev.holdfast.streams.session.AttachmentCloseReason;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Welcome;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Attributes;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A physical call of a client's session.
 *
 * <p>The session's driver sends, one thread at a time. gRPC delivers received messages, one
 * callback at a time, on the transport's thread.
 */
final class ClientAttachment extends ClientCall.Listener<SessionFrame> {
  @Limit(
      of = "time that a server may take to end a call whose session is over",
      then = "the call is cancelled")
  static final Duration DONE_PATIENCE = Duration.ofSeconds(10);

  @Limit(
      of = "time that a stream tells its server of its end after its channel was shut down",
      then = "the server learns of it by the TTL")
  static final Duration CANCEL_NOTICE_TIME = Duration.ofSeconds(1);

  private final ResumableClientCall<?, ?> owner;
  private final SessionOutput.StartCall startCall;
  private final StreamAttachment attachment;
  private final ClientCall<SessionFrame, SessionFrame> call;
  private final CallReachTracer word;
  private final ChannelResumeLimiter pace;
  private final String server;
  private boolean sendsNoMore;
  private @Nullable Boolean compression;
  private volatile boolean plain;
  private volatile boolean started;
  private volatile boolean halfCloseDue;
  private final AtomicBoolean halfCloseSaid = new AtomicBoolean();
  private volatile boolean cancelled;
  private volatile ChannelResumeLimiter.@Nullable QueuedResume queuedResume;
  private volatile boolean turnIsOver;

  /**
   * A tracer that tells whether a server may have got anything of a call, and whether the server
   * ended it: a status made by this side has no trailers.
   */
  static final class CallReachTracer extends ClientStreamTracer.Factory {
    private final ResumableClientCall<?, ?> owner;
    private final SessionOutput.StartCall startCall;
    private final StreamAttachment attachment;
    private volatile boolean ended;
    private volatile boolean reached;

    CallReachTracer(ResumableClientCall<?, ?> owner, SessionOutput.StartCall startCall) {
      this.owner = owner;
      this.startCall = startCall;
      this.attachment = startCall.attachment();
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      // Of several transport attempts the last one counts.
      ended = false;
      // grpc begins such a one only when it knows that the last attempt was not processed: refused,
      // above the last stream of a GOAWAY, or never written.
      reached &= !info.isTransparentRetry();
      if (info.isTransparentRetry()) {
        owner.tell(session -> session.onHelloUnsent(attachment));
      }
      return new ClientStreamTracer() {
        @Override
        public void streamCreated(Attributes transport, Metadata request) {
          // The call may have waited for its transport while the machine slept.
          owner.renewAge(startCall, request);
        }

        @Override
        public void outboundHeaders() {
          reached = true;
          // The channel may have waited for its transport until now.
          owner.input((session, now) -> session.onHelloSent(now, attachment));
        }

        @Override
        public void inboundTrailers(Metadata trailers) {
          ended = true;
        }
      };
    }
  }

  /**
   * An attachment whose call is not started.
   *
   * @param server where the call goes, as host:port; "" for the channel's own choice
   */
  ClientAttachment(
      ResumableClientCall<?, ?> owner,
      SessionOutput.StartCall startCall,
      ClientCall<SessionFrame, SessionFrame> call,
      CallReachTracer word,
      ChannelResumeLimiter pace,
      String server) {
    this.owner = owner;
    this.startCall = startCall;
    this.attachment = startCall.attachment();
    this.call = call;
    this.word = word;
    this.pace = pace;
    this.server = server;
  }

  // To the server; by the driver.

  /**
   * Starts at once, or, coming back or handed over, when it is its turn among all others of the
   * channel that go to the same server.
   */
  void begin() {
    pace.endPause(owner);
    if (startCall.hello().token().isNone() && !startCall.handover().isPresent()) {
      start();
      return;
    }
    owner.tell(session -> session.onResumeQueued(attachment));
    Runnable begin =
        () -> {
          owner.input((session, now) -> session.onHelloSent(now, attachment));
          start();
          // The thread that begins it may not be the one that acts for the session.
          owner.drive();
        };
    ChannelResumeLimiter.QueuedResume own = pace.turn(server, Context.current().wrap(begin));
    queuedResume = own;
    if (turnIsOver) {
      // Cancelled by a thread that did not see it yet.
      own.onOver();
    }
    own.ask();
  }

  private void start() {
    if (cancelled) {
      return;
    }
    owner.tell(session -> session.onHelloUnsent(attachment));
    call.start(this, owner.request(startCall));
    started = true;
    if (cancelled) {
      // Between the two checks: a call can't be cancelled before it starts.
      call.cancel(AttachmentCloseReason.UNNEEDED.sentence(), null);
      return;
    }
    sayHalfClose();
    // Whatever was written before the transport is there waits in memory.
    followWritable();
    if (call.isReady()) {
      beginAgain();
    }
  }

  /** A plain server's headers may come late: a stream is open again when there is a transport. */
  private void beginAgain() {
    if (startCall.plain() && !plain) {
      plain = true;
      owner.onPlain(attachment, this);
    }
  }

  void send(@Nullable FrameHeader header, Payload body, boolean compressed) {
    if (sendsNoMore) {
      return;
    }
    if (compression == null ? !compressed : compression != compressed) {
      compression = compressed;
      call.setMessageCompression(compressed);
    }
    call.sendMessage(new SessionFrame(header, body));
    followWritable();
  }

  void halfClose() {
    if (!sendsNoMore) {
      sendsNoMore = true;
      halfCloseDue = true;
      sayHalfClose();
    }
  }

  /** Its call may not have started, as it waits for its turn; and then another thread starts it. */
  private void sayHalfClose() {
    if (started && halfCloseDue && halfCloseSaid.compareAndSet(false, true)) {
      call.halfClose();
    }
  }

  void close(AttachmentCloseReason why) {
    if (why == AttachmentCloseReason.DONE && attachment.isHandshakeComplete()) {
      halfClose();
      // The end of the call stands behind what was not read.
      call.request(Integer.MAX_VALUE);
      owner.later(DONE_PATIENCE, () -> cancel(why));
    } else {
      sendsNoMore = true;
      cancel(why);
    }
  }

  private void cancel(AttachmentCloseReason why) {
    cancelled = true;
    if (started) {
      call.cancel(why.sentence(), null);
    }
    endTurn();
  }

  private void endTurn() {
    endTurn(ChannelResumeLimiter.QueuedResume::onOver);
  }

  private void endTurn(Consumer<ChannelResumeLimiter.QueuedResume> how) {
    turnIsOver = true;
    ChannelResumeLimiter.QueuedResume ours = queuedResume;
    if (ours != null) {
      how.accept(ours);
    }
  }

  /** Requests more messages from the transport. */
  void request(int messages) {
    call.request(messages);
  }

  private void followWritable() {
    if (!call.isReady()) {
      owner.tell(session -> session.onWritable(attachment, false));
      if (call.isReady()) {
        // It became ready in between, and said so before we said it was not.
        owner.tell(session -> session.onWritable(attachment, true));
      }
    }
  }

  // From the server; by grpc.

  @Override
  public void onHeaders(Metadata headers) {
    Welcome welcome;
    try {
      byte[] value = HandshakeMetadata.of(headers);
      if (value == null) {
        owner.onHeaders(headers);
        if (!plain) {
          plain = true;
          owner.onPlain(attachment, this);
        }
        return;
      }
      welcome = Welcome.parse(value);
    } catch (WireException e) {
      breakOff("welcome", e);
      return;
    }
    HandshakeMetadata.discard(headers);
    owner.onHeaders(headers);
    owner.onWelcome(attachment, welcome);
    ChannelResumeLimiter.QueuedResume ours = queuedResume;
    if (ours != null) {
      ours.onWelcome();
    }
    pace.onWelcome(welcome.token().owner().orElse(""));
  }

  @Override
  public void onMessage(SessionFrame sessionFrame) {
    SessionFrame opened = sessionFrame;
    if (!plain) {
      try {
        opened = sessionFrame.open(attachment.tag());
      } catch (WireException e) {
        SessionFrame.release(sessionFrame.body());
        breakOff("frame", e);
        return;
      }
    }
    FrameHeader header = opened.header();
    Payload body = opened.body();
    try {
      owner.input((session, now) -> session.onFrame(now, attachment, header, body));
    } finally {
      SessionFrame.settle(body);
    }
  }

  @Override
  public void onReady() {
    owner.input((session, now) -> session.onWritable(attachment, true));
    beginAgain();
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    HandshakeRefusal handshakeRefusal = null;
    CallClosure how = howEnded(status, trailers);
    try {
      byte[] value = HandshakeMetadata.of(trailers);
      handshakeRefusal = value == null ? null : HandshakeRefusal.parse(value);
    } catch (WireException e) {
      how = CallClosure.stream(status.getCode().value());
    }
    endTurn(
        handshakeRefusal == null
            ? ChannelResumeLimiter.QueuedResume::onOver
            : ChannelResumeLimiter.QueuedResume::onRefused);
    if (handshakeRefusal == null) {
      owner.onPhysicalEnd(attachment, how, status);
    } else {
      owner.onRefused(attachment, handshakeRefusal, status);
    }
    owner.pause(pace);
  }

  /** The address of the server; "" before a connection was found. */
  String peer() {
    SocketAddress address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    return address == null ? "" : address.toString();
  }

  /** The address of the server as host:port, without a name; "" when it is not known. */
  String instance() {
    SocketAddress address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    return address instanceof InetSocketAddress inet && !inet.isUnresolved()
        ? new HostPort(inet.getAddress().getHostAddress(), inet.getPort()).toString()
        : "";
  }

  Attributes attributes() {
    return call.getAttributes();
  }

  private CallClosure howEnded(Status status, Metadata trailers) {
    int code = status.getCode().value();
    if (word.ended) {
      return CallClosure.status(code, new FinalStatus(status, trailers));
    }
    if (!word.reached) {
      return CallClosure.unreached();
    }
    return status.getCode() == Status.Code.UNAVAILABLE
        ? CallClosure.connection()
        : CallClosure.stream(code);
  }

  private void breakOff(String what, WireException why) {
    Status status = Status.INTERNAL.withDescription(what + ": " + why.getMessage());
    call.cancel(status.getDescription(), why);
    owner.onPhysicalEnd(attachment, CallClosure.stream(status.getCode().value()), status);
  }
}
