package dev.holdfast.gateway.duplex;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.UpstreamCall;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.session.AttachmentCloseReason;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Welcome;
import dev.holdfast.streams.wire.WireException;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A physical call of a duplex session to the upstream. Confined to the event loop of its {@link
 * DuplexCall}, which it tells what it hears.
 */
final class DuplexAttachment implements CallListener {
  @Limit(
      of = "time that a service may take to end a call whose session is over",
      then = "the call is cancelled")
  static final Duration DONE_PATIENCE = Duration.ofSeconds(10);

  /** Enough to read to the end, and far from an overflow with what was requested before. */
  private static final int ALL_MESSAGES = Integer.MAX_VALUE / 2;

  private final DuplexCall owner;
  private final StreamAttachment attachment;
  private final UpstreamCall call;
  private String endpoint = "";
  private boolean sendsNoMore;
  private boolean plain;
  private boolean over;

  DuplexAttachment(DuplexCall owner, StreamAttachment attachment, Http2Headers headers) {
    this.owner = owner;
    this.attachment = attachment;
    this.call =
        new UpstreamCall(
            owner.web(),
            headers,
            this,
            UpstreamCall.MESSAGE_BYTES + FrameHeader.LARGEST_HEADER_BYTES);
  }

  /** The call, which its owner starts. */
  UpstreamCall call() {
    return call;
  }

  StreamAttachment attachment() {
    return attachment;
  }

  /** The address of the endpoint that the call reached; "" for none. */
  String endpoint() {
    return endpoint;
  }

  void send(@Nullable FrameHeader header, Payload body) {
    if (sendsNoMore) {
      return;
    }
    byte[] message = body.toByteArray();
    if (header != null) {
      byte[] head = header.toByteArray();
      byte[] frame = Arrays.copyOf(head, head.length + message.length);
      System.arraycopy(message, 0, frame, head.length, message.length);
      message = frame;
    }
    call.send(message, 0, message.length, false);
    if (!over && !call.isReady()) {
      owner.session().onWritable(attachment, false);
    }
  }

  void halfClose() {
    if (!sendsNoMore) {
      sendsNoMore = true;
      call.halfClose();
    }
  }

  /** Requests more messages from the transport. */
  void request(int messages) {
    if (!over) {
      call.request(messages);
    }
  }

  void close(AttachmentCloseReason why) {
    if (over) {
      return;
    }
    if (why == AttachmentCloseReason.DONE && attachment.isHandshakeComplete()) {
      halfClose();
      // The end of the call stands behind what was not read.
      call.request(ALL_MESSAGES);
      owner.later(DONE_PATIENCE, this::cancel);
    } else {
      sendsNoMore = true;
      cancel();
    }
  }

  private void cancel() {
    if (!over) {
      over = true;
      call.cancel();
    }
  }

  @Override
  public void onAttempt(String address) {
    endpoint = address;
    owner.onHelloSent(this);
  }

  @Override
  public void onHeaders(Http2Headers headers) {
    Welcome welcome = null;
    try {
      byte[] value = HandshakeHeaders.read(headers);
      welcome = value == null ? null : Welcome.parse(value);
    } catch (WireException | IllegalArgumentException e) {
      breakOff("welcome", e);
      return;
    }
    owner.onHeaders(HandshakeHeaders.without(headers));
    if (welcome != null) {
      owner.onWelcome(this, welcome);
    } else if (!plain) {
      plain = true;
      owner.onPlain(this);
    }
  }

  @Override
  public void onMessage(byte[] bytes, int offset, int length) {
    FrameHeader header = null;
    try {
      header = plain ? null : FrameHeader.parse(bytes, offset, length);
    } catch (WireException e) {
      breakOff("frame", e);
      return;
    }
    // One with another tag is somebody else's, and an unknown field of the message.
    FrameHeader own = header != null && header.tag() == attachment.tag() ? header : null;
    int begin = offset + (own == null ? 0 : own.sizeBytes());
    Payload body = Payload.of(Arrays.copyOfRange(bytes, begin, offset + length));
    owner.onFrame(this, own, body);
  }

  @Override
  public void onReady() {
    owner.onWritable(this);
  }

  @Override
  public void onGivenUp(boolean attempted) {
    owner.onGivenUp(attempted);
  }

  @Override
  public void onEnd(CallEnd end) {
    over = true;
    HandshakeRefusal refusal = null;
    CallClosure how = closure(end);
    try {
      byte[] value = HandshakeHeaders.read(end.trailers());
      refusal = value == null ? null : HandshakeRefusal.parse(value);
    } catch (WireException | IllegalArgumentException e) {
      how = CallClosure.stream(end.status().number());
    }
    if (refusal == null) {
      owner.onClosed(this, how, end);
    } else {
      owner.onRefused(this, refusal, end);
    }
  }

  /** Whether the gateway ended the call by a rule of its own, which another one would meet too. */
  boolean isGatewaysOwnEnd() {
    return switch (call.trace().callEndReason()) {
      case DEADLINE, AGE, LIMIT, DRAIN, NO_ROUTE, NO_CLUSTER, HTTP -> true;
      default -> false;
    };
  }

  private CallClosure closure(CallEnd end) {
    int status = end.status().number();
    CallEndReason reason = call.trace().callEndReason();
    return switch (reason) {
      case ANSWERED -> CallClosure.status(status, new CallEndPayload(end));
      case UPSTREAM_RESET, BAD_ANSWER -> CallClosure.stream(status);
      default -> call.trace().attempts() == 0 ? CallClosure.unreached() : CallClosure.connection();
    };
  }

  private void breakOff(String what, Exception why) {
    CallEnd end =
        CallEnd.of(GrpcStatusCode.INTERNAL, "gateway: malformed " + what + ": " + why.getMessage());
    cancel();
    owner.onClosed(this, CallClosure.stream(end.status().number()), end);
  }
}
