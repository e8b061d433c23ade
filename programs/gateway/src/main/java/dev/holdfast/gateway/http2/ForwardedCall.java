package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.call.Downstream;
import dev.holdfast.gateway.call.LocalReplies;
import dev.holdfast.gateway.call.RoutedCall;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.http2.codec.WriteListener;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * An exchange between a client's stream and upstream streams, whose frames are forwarded without
 * translation.
 */
final class ForwardedCall implements RequestFrameHandler, Downstream {
  private final DownstreamConnection down;
  private final CallStream downStream;
  private final OpenedStream opened;
  private final RoutedCall call;

  ForwardedCall(
      DownstreamConnection down,
      CallStream stream,
      OpenedStream opened,
      Http2Headers request,
      boolean ended) {
    this.down = down;
    this.downStream = stream;
    this.opened = opened;
    this.call = new RoutedCall(this, request, ended);
    down.charge(stream, down.memory());
  }

  /** Routes the request and begins the first attempt. */
  void begin() {
    call.begin();
  }

  /**
   * Ends a request whose path has no normal form: UNIMPLEMENTED for gRPC, since no such method
   * exists.
   */
  void refuse(String malformed) {
    call.fail(
        CallEndReason.NO_ROUTE,
        call.isGrpc() ? LocalReplyStatus.UNIMPLEMENTED : LocalReplyStatus.INVALID_ARGUMENT,
        malformed);
  }

  @Override
  public OpenedStream opened() {
    return opened;
  }

  @Override
  public int onRequestData(ByteBuf data, int bytes, boolean end) {
    return call.onRequestData(data, bytes, end);
  }

  @Override
  public void onRequestTrailers() {
    call.onRequestTrailers();
  }

  @Override
  public boolean isRequestEnded() {
    return call.isRequestEnded();
  }

  @Override
  public void onClosed() {
    call.onDownstreamClosed();
  }

  @Override
  public void onLeave() {
    call.fail(CallEndReason.DRAIN, LocalReplyStatus.UNAVAILABLE, "the gateway is draining");
  }

  @Override
  public long heldBytes() {
    CallStream stream = downStream;
    CallStream from = call.upstreamStream();
    // The same bytes, as long as the upstream goes on.
    int came = from == null ? 0 : from.unreturnedBytes();
    long answer = Math.max(stream.waitingBytes(), came);
    return opened.headerBytes + stream.unreturnedBytes() + call.bodyBytes() + answer;
  }

  /**
   * Ends the call with RESOURCE_EXHAUSTED, or with RST_STREAM and ENHANCE_YOUR_CALM, which gRPC
   * clients map to the same status: trailers could not overtake DATA that waits.
   */
  @Override
  public void onOverload() {
    HeaderMemory.credit(opened, down.memory());
    if (call.isOver() || downStream.isWaiting()) {
      call.drop(LocalReplyStatus.RESOURCE_EXHAUSTED);
      down.discard(downStream, Http2Error.ENHANCE_YOUR_CALM.code());
    } else {
      call.fail(
          CallEndReason.LIMIT,
          LocalReplyStatus.RESOURCE_EXHAUSTED,
          LocalReplies.TOO_MUCH_FOR_UPSTREAMS);
    }
  }

  @Override
  public ForwardingLoop loop() {
    return down.loop();
  }

  @Override
  public ClientIdentity clientIdentity() {
    return down.clientIdentity();
  }

  @Override
  public MemoryAccount memory() {
    return down.memory();
  }

  @Override
  public void keep(int bytes) {
    down.keep(downStream, bytes);
  }

  @Override
  public void giveBack(int bytes) {
    down.giveBack(downStream, bytes);
  }

  @Override
  public WriteListener windowCredit(int bytes) {
    return down.windowCredit(downStream, bytes);
  }

  @Override
  public void begin(Http2Headers headers) {
    down.send(downStream, headers, false, null);
  }

  @Override
  public void pass(ByteBuf data, UpstreamConnection from, CallStream stream, int bytes) {
    down.send(downStream, data, false, from.windowCredit(stream, bytes));
  }

  @Override
  public void endWith(ByteBuf data, UpstreamConnection from, CallStream stream, int bytes) {
    endWith(data, from.windowCredit(stream, bytes));
  }

  @Override
  public void endWith(Http2Headers trailers) {
    down.send(downStream, trailers, true, call.isRequestEnded() ? null : this::stopRequest);
  }

  @Override
  public void endWith(LocalReplyStatus status, String message, boolean began) {
    if (call.isGrpc()) {
      endWith(
          began
              ? LocalReplies.trailers(status, message)
              : call.withChallenge(LocalReplies.trailersOnly(status, message, call.contentType())));
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
  public void onGivenUp(boolean attempted) {
    down.resets.onGivenUp(opened, attempted);
  }

  /** Resets the stream with REFUSED_STREAM: the client may safely retry. */
  @Override
  public void endRefused() {
    down.reset(downStream, Http2Error.REFUSED_STREAM.code());
  }

  private void endWith(ByteBuf data, WriteListener hearer) {
    WriteListener both =
        success -> {
          hearer.onWritten(success);
          stopRequest(success);
        };
    down.send(downStream, data, true, call.isRequestEnded() ? hearer : both);
  }

  /**
   * Asks a client that still sends to stop, once its response is written (RST_STREAM with
   * NO_ERROR).
   */
  private void stopRequest(boolean written) {
    if (written && down.stream(downStream.id()) != null) {
      down.reset(downStream, Http2Error.NO_ERROR.code());
    }
  }
}
