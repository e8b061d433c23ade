package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.traffic.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;

/**
 * An exchange between a client's stream and upstream streams, whose frames are forwarded without
 * translation.
 */
final class ForwardedExchange extends Exchange implements RequestStream {
  private final DownstreamConnection down;
  private final Http2Stream downStream;

  ForwardedExchange(
      DownstreamConnection down, Http2Stream stream, Http2Headers request, boolean ended) {
    super(down.loop().traffic(), request, ended);
    this.down = down;
    this.downStream = stream;
    trace.onClient(down.client().forwardedFor(request));
    down.charge(stream, down.memory());
  }

  /**
   * Ends a request whose path has no normal form: UNIMPLEMENTED for gRPC, since no such method
   * exists.
   */
  void refuse(String malformed) {
    fail(Reason.NO_ROUTE, grpc ? StatusCode.UNIMPLEMENTED : StatusCode.INVALID_ARGUMENT, malformed);
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
    fail(Reason.DRAIN, StatusCode.UNAVAILABLE, "the gateway closes");
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
      drop(StatusCode.RESOURCE_EXHAUSTED);
      down.discard(downStream, Http2Error.ENHANCE_YOUR_CALM.code());
    } else {
      fail(Reason.LIMIT, StatusCode.RESOURCE_EXHAUSTED, Answers.TOO_MUCH_FOR_UPSTREAMS);
    }
  }

  @Override
  ForwardingLoop loop() {
    return down.loop();
  }

  @Override
  Client client() {
    return down.client();
  }

  @Override
  MemoryAccount memory() {
    return down.memory();
  }

  @Override
  void keep(int bytes) {
    down.keep(downStream, bytes);
  }

  @Override
  void giveBack(int bytes) {
    down.giveBack(downStream, bytes);
  }

  @Override
  Written bridge(int bytes) {
    return new BridgedWrite(down, downStream, bytes);
  }

  @Override
  void begin(Http2Headers headers) {
    down.send(downStream, headers, false, null);
  }

  @Override
  void pass(ByteBuf data, UpstreamConnection from, Http2Stream stream, int bytes) {
    down.send(downStream, data, false, new BridgedWrite(from, stream, bytes));
  }

  @Override
  void endWith(ByteBuf data, UpstreamConnection from, Http2Stream stream, int bytes) {
    endWith(data, new BridgedWrite(from, stream, bytes));
  }

  @Override
  void endWith(Http2Headers trailers) {
    down.send(downStream, trailers, true, requestEnded ? null : this::stopRequest);
  }

  @Override
  void endWith(StatusCode status, String message, boolean began) {
    if (grpc) {
      endWith(
          began
              ? Answers.trailers(status, message)
              : Answers.trailersOnly(status, message, header(Names.CONTENT_TYPE)));
    } else if (began) {
      down.reset(downStream, Http2Error.INTERNAL_ERROR.code());
    } else {
      ByteBuf text = ByteBufUtil.writeUtf8(down.context().alloc(), message);
      down.send(downStream, Answers.plain(status, text.readableBytes()), false, null);
      endWith(text, success -> {});
      text.release();
    }
  }

  @Override
  void onGivenUp(boolean attempted) {
    down.resets.onGivenUp((FrameStream) downStream, attempted);
  }

  /** Resets the stream with REFUSED_STREAM: the client may safely retry. */
  @Override
  void endRefused() {
    down.reset(downStream, Http2Error.REFUSED_STREAM.code());
  }

  private void endWith(ByteBuf data, Written hearer) {
    Written both =
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
