package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.http2.codec.FrameStream;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.MetLimit;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2StreamVisitor;
import org.jspecify.annotations.Nullable;

/** The search for the call of a client connection that holds the most memory. */
final class HeaviestCall implements Http2StreamVisitor {
  private @Nullable RequestFrameHandler heaviest;
  private long mostBytes;
  private int youngest;
  private int holders;

  private HeaviestCall() {}

  /** Ends the heaviest call, as {@link MemoryAccount.AccountOwner} requires. */
  static void end(DownstreamConnection client, MetLimit why) {
    HeaviestCall found = new HeaviestCall();
    try {
      client.connection().forEachActiveStream(found);
    } catch (Http2Exception e) {
      throw new IllegalStateException("to look at streams can't fail", e);
    }
    RequestFrameHandler call = found.heaviest;
    if (call != null && (why != MetLimit.CONNECTION_BYTES || found.holders > 1)) {
      client.loop().meters().met(why);
      call.onOverload();
    }
  }

  @Override
  public boolean visit(Http2Stream stream) {
    RequestFrameHandler request = (RequestFrameHandler) ((FrameStream) stream).taker;
    long held = request == null ? 0 : request.heldBytes();
    holders += held > 0 ? 1 : 0;
    // Of two the younger, which has less to lose.
    if (held > 0 && (held > mostBytes || (held == mostBytes && stream.id() > youngest))) {
      mostBytes = held;
      youngest = stream.id();
      heaviest = request;
    }
    return true;
  }
}
