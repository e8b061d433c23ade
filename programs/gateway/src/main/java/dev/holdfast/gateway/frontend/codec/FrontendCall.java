package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.HttpRequestHandler;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.gzip.InflateScheduler;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A translated request and its gRPC call. Backpressure works both ways: response messages are
 * requested as the client takes them, and the client is read as the upstream takes messages.
 * Confined to its event loop; {@link FrontendCallState} has the states.
 *
 * <p>The response head waits for the first message or the end, so that an early failure has its own
 * HTTP status.
 */
public final class FrontendCall implements HttpRequestHandler, CallListener {
  @Limit(
      of = "time that the body of a request takes which is translated as a whole",
      then = "the request is answered with 408")
  static final Duration BODY_TIME = Duration.ofSeconds(30);

  private final HttpExchange web;
  private final CallTarget place;
  private final FrontendCodec frontendCodec;
  private final Http2Headers headers;
  private final FrontendResponseWriter writer;
  private @Nullable OutgoingCall call;
  private @Nullable ScheduledFuture<?> bodyTimer;
  private byte @Nullable [] message;
  private int owedBytes;
  private int heldBytes;
  private FrontendCallState state = FrontendCallState.READING;

  /** Whether the next response message is not requested until the client takes more. */
  private boolean unread;

  /** The time slices for inflating; null unless messages may be compressed. */
  private final @Nullable InflateScheduler turns;

  /** The queue of compressed parts; null unless the request is a stream that may be compressed. */
  private final @Nullable CompressedBodyQueue compressed;

  public FrontendCall(
      HttpExchange web,
      CallTarget place,
      FrontendCodec frontendCodec,
      Http2Headers headers,
      CorsPolicy corsPolicy) {
    this.web = web;
    this.place = place;
    this.frontendCodec = frontendCodec;
    this.headers = headers;
    this.writer = new FrontendResponseWriter(web, frontendCodec, corsPolicy);
    this.turns = frontendCodec.isCompressed() ? InflateScheduler.of(web.loop().eventLoop()) : null;
    this.compressed =
        turns == null || !frontendCodec.clientStreams()
            ? null
            : new CompressedBodyQueue(
                frontendCodec, web.memory(), turns, this::hasRoom, this::goOn);
  }

  /** Starts what does not depend on the body: the response head, and the call of a stream. */
  public void begin(boolean ended) {
    web.loop().assertInLoop();
    try {
      CharSequence announced = web.headers().get("content-length");
      if (!frontendCodec.clientStreams() && announced != null) {
        AggregatedBody.requireLength(announcedBytes(announced));
      }
      if (frontendCodec.beginsAtOnce()) {
        writer.begin(FrontendResponse.NOTHING);
      }
      if (frontendCodec.clientStreams()) {
        start();
      }
      if (frontendCodec.beginsAtOnce()) {
        frontendCodec.begin(this::send);
      }
      if (ended) {
        onBodyEnd();
      } else if (!frontendCodec.clientStreams()) {
        bodyTimer = after(BODY_TIME, this::onSlowBody);
      }
    } catch (RequestRefusedException e) {
      refuse(e);
    }
  }

  @Override
  public void onData(ByteBuf data, int bytes, boolean end) {
    web.loop().assertInLoop();
    if (isOver()) {
      web.giveBack(bytes);
      return;
    }
    owedBytes += bytes;
    try {
      // A message that is empty is one where each comes by itself.
      boolean some = data.isReadable() || (frontendCodec.beginsAtOnce() && !end);
      if (some) {
        hold(data.readableBytes());
        // One message is put together from copies; of streams nobody says how long they keep a
        // part.
        boolean copied = !frontendCodec.clientStreams();
        byte[] chunk = copied ? TranscodingBuffer.chunk(data) : ByteBufUtil.getBytes(data);
        if (compressed != null) {
          compressed.add(chunk);
        } else {
          frontendCodec.feed(chunk, 0, data.readableBytes(), this::send);
        }
      }
      if (end) {
        onBodyEnd();
      }
    } catch (RequestRefusedException e) {
      refuse(e);
    }
    if (compressed != null) {
      goOn();
      return;
    }
    OutgoingCall known = call;
    if (known == null || known.isReady()) {
      giveBackOwed();
    }
  }

  @Override
  public void onGone() {
    web.loop().assertInLoop();
    if (!isOver()) {
      stop();
    }
  }

  @Override
  public void onWritable() {
    web.loop().assertInLoop();
    OutgoingCall known = call;
    if (unread && !isOver() && known != null) {
      unread = false;
      known.request(1);
    }
  }

  @Override
  public void onLeave() {
    web.loop().assertInLoop();
    if (!isOver()) {
      OutgoingCall known = call;
      if (known != null) {
        known.cancel();
      }
      onEnd(CallEnd.of(GrpcStatusCode.UNAVAILABLE, "gateway: the gateway is draining"));
    }
  }

  @Override
  public void onOverload() {
    web.loop().assertInLoop();
    if (!isOver()) {
      OutgoingCall known = call;
      if (known != null) {
        known.cancel();
      }
      onEnd(
          CallEnd.of(
              GrpcStatusCode.RESOURCE_EXHAUSTED,
              "gateway: the buffer limit of this client is exceeded"));
    }
  }

  @Override
  public void onHeaders(Http2Headers answer) {
    writer.metadata(answer);
  }

  @Override
  public void onAttached() {
    web.loop().assertInLoop();
    if (isOver()) {
      return;
    }
    if (!writer.isBegun()) {
      writer.begin(FrontendResponse.NOTHING);
    }
    writer.open();
  }

  @Override
  public void onMessage(byte[] bytes, int offset, int length) {
    web.loop().assertInLoop();
    if (isOver()) {
      return;
    }
    byte[] rendered;
    try {
      rendered = frontendCodec.message(bytes, offset, length);
    } catch (UnreadableResponseException e) {
      fail("gateway: " + e.getMessage());
      return;
    }
    if (!frontendCodec.serverStreams()) {
      if (message != null) {
        fail("gateway: two messages (expected: one)");
        return;
      }
      hold(rendered.length);
      message = rendered;
      return;
    }
    if (!writer.isBegun()) {
      writer.begin(rendered);
    }
    writer.write(rendered);
    unread = !web.isWritable();
    OutgoingCall known = call;
    if (!unread && known != null && !isOver()) {
      known.request(1);
    }
  }

  @Override
  public void onGivenUp(boolean attempted) {
    web.onGivenUp(attempted);
  }

  @Override
  public void onEnd(CallEnd end) {
    web.loop().assertInLoop();
    if (isOver()) {
      return;
    }
    stop();
    if (writer.isBegun()) {
      writer.end(end);
    } else {
      writer.whole(end, message);
    }
  }

  @Override
  public void onReady() {
    web.loop().assertInLoop();
    if (compressed == null) {
      giveBackOwed();
    } else {
      goOn();
    }
  }

  private void start() {
    OutgoingCall started = place.begin(web, headers, this);
    call = started;
    if (!isOver()) {
      // Of a second message where there may be one only, the second is a fault worth to be seen.
      started.request(frontendCodec.serverStreams() ? 1 : 2);
    }
  }

  /**
   * Continues with queued compressed messages. Reading from the client resumes when the queue is
   * empty.
   */
  private void goOn() {
    CompressedBodyQueue body = compressed;
    if (isOver() || body == null) {
      return;
    }
    try {
      boolean drained = body.goOn(this::send);
      if (drained && hasRoom()) {
        giveBackOwed();
      }
      if (drained && state == FrontendCallState.COMPLETING) {
        endRequest();
      }
    } catch (RequestRefusedException e) {
      refuse(e);
    }
  }

  private boolean hasRoom() {
    OutgoingCall known = call;
    return !isOver() && (known == null || known.isReady());
  }

  /** Runs {@link #endRequest} in a later time slice. */
  private void endInTurn() {
    if (!isOver()) {
      try {
        endRequest();
      } catch (RequestRefusedException e) {
        refuse(e);
      }
    }
  }

  private void onBodyEnd() {
    if (state == FrontendCallState.READING) {
      transitionTo(FrontendCallState.COMPLETING);
      if (compressed == null) {
        endRequest();
      } else {
        goOn();
      }
    }
  }

  private void endRequest() {
    cancel(bodyTimer);
    if (turns != null && compressed == null && !turns.hasBudget()) {
      turns.await(web.memory(), this::endInTurn);
      return;
    }
    transitionTo(FrontendCallState.HALF_CLOSED);
    frontendCodec.end(this::send);
    OutgoingCall known = call;
    if (known != null && !isOver() && !frontendCodec.endsWithMessage()) {
      known.halfClose();
    }
  }

  private void send(byte[] bytes, int offset, int length) {
    if (call == null) {
      start();
    }
    if (frontendCodec.clientStreams()) {
      letGo();
    }
    OutgoingCall known = call;
    if (known != null && !isOver()) {
      known.send(bytes, offset, length, frontendCodec.endsWithMessage());
    }
  }

  private void onSlowBody() {
    if (!isOver()) {
      stop();
      writer.whole(
          frontendCodec.refused(
              RequestRefusedException.tooSlow(
                  "body: incomplete after " + BODY_TIME.toSeconds() + "s (expected: sooner)")));
    }
  }

  /** Fails the call with INTERNAL, because the response does not match the schema. */
  private void fail(String what) {
    OutgoingCall known = call;
    if (known != null) {
      known.cancel();
    }
    onEnd(CallEnd.of(GrpcStatusCode.INTERNAL, what));
  }

  private void refuse(RequestRefusedException why) {
    if (isOver()) {
      return;
    }
    OutgoingCall known = call;
    if (known != null) {
      known.cancel();
    }
    if (writer.isBegun()) {
      onEnd(CallEnd.of(why.code(), "gateway: " + why.getMessage()));
    } else {
      stop();
      writer.whole(frontendCodec.refused(why));
    }
  }

  /** Ends the exchange: cancels the call and timers, and releases what is held. */
  private void stop() {
    transitionTo(FrontendCallState.OVER);
    cancel(bodyTimer);
    writer.stop();
    OutgoingCall known = call;
    if (known != null) {
      known.cancel();
    }
    if (compressed != null) {
      compressed.drop();
    }
    giveBackOwed();
    letGo();
  }

  /** Charges the memory account for a message until it is complete. */
  private void hold(int bytes) {
    heldBytes += bytes;
    web.memory().charge(bytes);
  }

  private void letGo() {
    web.memory().credit(heldBytes);
    heldBytes = 0;
  }

  private void giveBackOwed() {
    int owed = owedBytes;
    owedBytes = 0;
    if (owed > 0) {
      web.giveBack(owed);
    }
  }

  private boolean isOver() {
    return state == FrontendCallState.OVER;
  }

  private void transitionTo(FrontendCallState next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException("frontend call: " + state + " -> " + next);
    }
    state = next;
  }

  private ScheduledFuture<?> after(Duration time, Runnable task) {
    return web.loop().eventLoop().schedule(task, time.toNanos(), TimeUnit.NANOSECONDS);
  }

  private static void cancel(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  private static long announcedBytes(CharSequence header) {
    try {
      return Long.parseLong(header.toString());
    } catch (NumberFormatException e) {
      throw RequestRefusedException.badRequest("content-length: " + header + " (expected: bytes)");
    }
  }
}
