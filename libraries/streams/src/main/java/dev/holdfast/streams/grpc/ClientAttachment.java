package dev.holdfast.streams.grpc;

import dev.holdfast.core.Limit;
import dev.holdfast.streams.AttachmentEnd;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.PhysicalEnd;
import dev.holdfast.streams.SessionOutput;
import dev.holdfast.streams.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.Refusal;
import dev.holdfast.streams.wire.Welcome;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Attributes;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Status;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A physical call of a client's session.
 *
 * <p>The session's driver sends, one thread at a time. gRPC delivers received messages, one
 * callback at a time, on the transport's thread.
 */
final class ClientAttachment extends ClientCall.Listener<Frame> {
  @Limit(
      of = "time that a server may take to end a call whose session is over",
      then = "the call is cancelled")
  static final Duration DONE_PATIENCE = Duration.ofSeconds(10);

  @Limit(
      of = "time that a stream tells its server of its end after its channel was shut down",
      then = "the server learns of it by the TTL")
  static final Duration FAREWELL = Duration.ofSeconds(1);

  private final ResumableCall<?, ?> owner;
  private final SessionOutput.Open open;
  private final StreamAttachment attachment;
  private final ClientCall<Frame, Frame> call;
  private final ServerWord word;
  private boolean sendsNoMore;
  private @Nullable Boolean compression;
  private volatile boolean plain;
  private volatile boolean started;
  private volatile boolean cancelled;
  private volatile PacedResumes.@Nullable Turn turn;
  private volatile boolean turnIsOver;

  /**
   * A tracer that tells whether a server may have got anything of a call, and whether the server
   * ended it: a status made by this side has no trailers.
   */
  static final class ServerWord extends ClientStreamTracer.Factory {
    private final ResumableCall<?, ?> owner;
    private final StreamAttachment attachment;
    private volatile boolean ended;
    private volatile boolean reached;

    ServerWord(ResumableCall<?, ?> owner, StreamAttachment attachment) {
      this.owner = owner;
      this.attachment = attachment;
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      // Of several transport attempts the last one counts.
      ended = false;
      // grpc begins such a one only when it knows that the last attempt was not processed: refused,
      // above the last stream of a GOAWAY, or never written.
      reached &= !info.isTransparentRetry();
      return new ClientStreamTracer() {
        @Override
        public void outboundHeaders() {
          reached = true;
          // The channel may have waited for its transport until now.
          owner.input((session, now) -> session.onAsked(now, attachment));
        }

        @Override
        public void inboundTrailers(Metadata trailers) {
          ended = true;
        }
      };
    }
  }

  ClientAttachment(
      ResumableCall<?, ?> owner,
      SessionOutput.Open open,
      ClientCall<Frame, Frame> call,
      ServerWord word) {
    this.owner = owner;
    this.open = open;
    this.attachment = open.attachment();
    this.call = call;
    this.word = word;
  }

  // To the server; by the driver.

  /** Starts at once, or, coming back, when it is its turn among all others of the channel. */
  void begin(PacedResumes pace) {
    if (open.hello().token().isNone()) {
      start();
      return;
    }
    owner.tell(session -> session.onHeld(attachment));
    Runnable begin =
        () -> {
          owner.input((session, now) -> session.onAsked(now, attachment));
          start();
          // The thread that begins it may not be the one that acts for the session.
          owner.drive();
        };
    PacedResumes.Turn own = pace.turn(Context.current().wrap(begin));
    turn = own;
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
    call.start(this, owner.request(open));
    started = true;
    if (cancelled) {
      // Between the two looks: a call can't be cancelled before it starts.
      call.cancel(AttachmentEnd.UNNEEDED.sentence(), null);
      return;
    }
    // Whatever was written before the transport is there waits in memory.
    followWritable();
    if (call.isReady()) {
      beginAgain();
    }
  }

  /** A plain server's headers may come late: a stream is open again when there is a transport. */
  private void beginAgain() {
    if (open.plain() && !plain) {
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
    call.sendMessage(new Frame(header, body));
    followWritable();
  }

  void halfClose() {
    if (!sendsNoMore) {
      sendsNoMore = true;
      call.halfClose();
    }
  }

  void close(AttachmentEnd why) {
    if (why == AttachmentEnd.DONE && attachment.isProved()) {
      halfClose();
      // The end of the call stands behind what was not read.
      call.request(Integer.MAX_VALUE);
      owner.later(DONE_PATIENCE, () -> cancel(why));
    } else {
      sendsNoMore = true;
      cancel(why);
    }
  }

  private void cancel(AttachmentEnd why) {
    cancelled = true;
    if (started) {
      call.cancel(why.sentence(), null);
    }
    endTurn();
  }

  private void endTurn() {
    turnIsOver = true;
    PacedResumes.Turn ours = turn;
    if (ours != null) {
      ours.onOver();
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
      byte[] value = Handshakes.of(headers);
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
    headers.discardAll(Handshakes.KEY);
    owner.onHeaders(headers);
    owner.onWelcome(attachment, welcome);
    PacedResumes.Turn ours = turn;
    if (ours != null) {
      ours.onWelcome();
    }
  }

  @Override
  public void onMessage(Frame frame) {
    Frame opened = frame;
    if (!plain) {
      try {
        opened = frame.open(attachment.tag());
      } catch (WireException e) {
        Frame.release(frame.body());
        breakOff("frame", e);
        return;
      }
    }
    FrameHeader header = opened.header();
    Payload body = opened.body();
    try {
      owner.input((session, now) -> session.onFrame(now, attachment, header, body));
    } finally {
      Frame.settle(body);
    }
  }

  @Override
  public void onReady() {
    owner.input((session, now) -> session.onWritable(attachment, true));
    beginAgain();
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    endTurn();
    Refusal refusal = null;
    PhysicalEnd how = howEnded(status, trailers);
    try {
      byte[] value = Handshakes.of(trailers);
      refusal = value == null ? null : Refusal.parse(value);
    } catch (WireException e) {
      how = PhysicalEnd.stream(status.getCode().value());
    }
    if (refusal == null) {
      owner.onPhysicalEnd(attachment, how, status);
    } else {
      owner.onRefused(attachment, refusal, status);
    }
  }

  /** The address of the server; "" before a connection was found. */
  String peer() {
    SocketAddress address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    return address == null ? "" : address.toString();
  }

  Attributes attributes() {
    return call.getAttributes();
  }

  private PhysicalEnd howEnded(Status status, Metadata trailers) {
    int code = status.getCode().value();
    if (word.ended) {
      return PhysicalEnd.status(code, new FinalStatus(status, trailers));
    }
    if (!word.reached) {
      return PhysicalEnd.unreached();
    }
    return status.getCode() == Status.Code.UNAVAILABLE
        ? PhysicalEnd.connection()
        : PhysicalEnd.stream(code);
  }

  private void breakOff(String what, WireException why) {
    Status status = Status.INTERNAL.withDescription(what + ": " + why.getMessage());
    call.cancel(status.getDescription(), why);
    owner.onPhysicalEnd(attachment, PhysicalEnd.stream(status.getCode().value()), status);
  }
}
