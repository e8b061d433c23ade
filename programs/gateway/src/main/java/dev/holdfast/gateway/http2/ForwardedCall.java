package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.call.LocalReplies;
import dev.holdfast.gateway.call.RoutedCall;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.http2.codec.FrameStream;
import dev.holdfast.gateway.http2.codec.SendWindows;
import dev.holdfast.gateway.http2.codec.WindowCredit;
import dev.holdfast.gateway.http2.codec.WriteListener;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * An exchange between a client's stream and upstream streams, whose frames are forwarded without
 * translation.
 */
final class ForwardedCall extends RoutedCall implements RequestFrameHandler {
  private final DownstreamConnection down;
  private final Http2Stream downStream;

  ForwardedCall(
      DownstreamConnection down, Http2Stream stream, Http2Headers request, boolean ended) {
    super(down.loop().traffic(), request, ended);
    this.down = down;
    this.downStream = stream;
    trace.onClient(down.clientIdentity().forwardedFor(request));
    down.charge(stream, down.memory());
  }

  /**
   * Ends a request whose path has no normal form: UNIMPLEMENTED for gRPC, since no such method
   * exists.
   */
  void refuse(String malformed) {
    fail(
        CallEndReason.NO_ROUTE,
        grpc ? LocalReplyStatus.UNIMPLEMENTED : LocalReplyStatus.INVALID_ARGUMENT,
        malformed);
  }

  @Override
  public boolean isRequestEnded() {
    return requestEnded;
  }

  @Override
  public void onClosed() {
    onDownstreamClosed();
  }

  @Override
  public void onLeave() {
    fail(CallEndReason.DRAIN, LocalReplyStatus.UNAVAILABLE, "the gateway is draining");
  }

  @Override
  public long heldBytes() {
    FrameStream stream = (FrameStream) downStream;
    FrameStream from = (FrameStream) upStream;
    // The same bytes, as long as the upstream goes on.
    int came = from == null ? 0 : from.unreturnedBytes();
    long answer = Math.max(SendWindows.waitingBytes(stream), came);
    return stream.headerBytes + stream.unreturnedBytes() + body.bytes() + answer;
  }

  /**
   * Ends the call with RESOURCE_EXHAUSTED, or with RST_STREAM and ENHANCE_YOUR_CALM, which gRPC
   * clients map to the same status: trailers could not overtake DATA that waits.
   */
  @Override
  public void onOverload() {
    HeaderMemory.credit((FrameStream) downStream, down.memory());
    if (isOver() || SendWindows.isWaiting((FrameStream) downStream)) {
      drop(LocalReplyStatus.RESOURCE_EXHAUSTED);
      down.discard(downStream, Http2Error.ENHANCE_YOUR_CALM.code());
    } else {
      fail(
          CallEndReason.LIMIT,
          LocalReplyStatus.RESOURCE_EXHAUSTED,
          LocalReplies.TOO_MUCH_FOR_UPSTREAMS);
    }
  }

  @Override
  protected ForwardingLoop loop() {
    return down.loop();
  }

  @Override
  protected ClientIdentity clientIdentity() {
    return down.clientIdentity();
  }

  @Override
  protected MemoryAccount memory() {
    return down.memory();
  }

  @Override
  protected void keep(int bytes) {
    down.keep(downStream, bytes);
  }

  @Override
  protected void giveBack(int bytes) {
    down.giveBack(downStream, bytes);
  }

  @Override
  protected WriteListener windowCredit(int bytes) {
    return new WindowCredit(down, downStream, bytes);
  }

  @Override
  protected void begin(Http2Headers headers) {
    down.send(downStream, headers, false, null);
  }

  @Override
  protected void pass(ByteBuf data, UpstreamConnection from, Http2Stream stream, int bytes) {
    down.send(downStream, data, false, new WindowCredit(from, stream, bytes));
  }

  @Override
  protected void endWith(ByteBuf data, UpstreamConnection from, Http2Stream stream, int bytes) {
    endWith(data, new WindowCredit(from, stream, bytes));
  }

  @Override
  protected void endWith(Http2Headers trailers) {
    down.send(downStream, trailers, true, requestEnded ? null : this::stopRequest);
  }

  @Override
  protected void endWith(LocalReplyStatus status, String message, boolean began) {
    if (grpc) {
      endWith(
          began
              ? LocalReplies.trailers(status, message)
              : LocalReplies.trailersOnly(status, message, header(HeaderNames.CONTENT_TYPE)));
    } else if (began) {
      down.reset(downStream, Http2Error.INTERNAL_ERROR.code());
    } else {
      ByteBuf text = ByteBufUtil.writeUtf8(down.context().alloc(), message);
      down.send(downStream, LocalReplies.plain(status, text.readableBytes()), false, null);
      endWith(text, success -> {});
      text.release();
    }
  }

  @Override
  protected void onGivenUp(boolean attempted) {
    down.resets.onGivenUp((FrameStream) downStream, attempted);
  }

  /** Resets the stream with REFUSED_STREAM: the client may safely retry. */
  @Override
  protected void endRefused() {
    down.reset(downStream, Http2Error.REFUSED_STREAM.code());
  }

  private void endWith(ByteBuf data, WriteListener hearer) {
    WriteListener both =
        success -> {
          hearer.onWritten(success);
          stopRequest(success);
        };
    down.send(downStream, data, true, requestEnded ? hearer : both);
  }

  /**
   * Asks a client that still sends to stop, once its response is written (RST_STREAM with
   * NO_ERROR).
   */
  private void stopRequest(boolean written) {
    if (written && down.connection().stream(downStream.id()) != null) {
      down.reset(downStream, Http2Error.NO_ERROR.code());
    }
  }
}
