package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.traffic.CallTrace;
import dev.holdfast.gateway.traffic.LoopTraffic;
import dev.holdfast.gateway.traffic.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The client's side of an exchange: its request as it came, and where its answer goes. */
abstract class ClientStream implements RequestHead {
  final Http2Headers request;
  final boolean grpc;

  /** The request as it goes on, from when its way is known. */
  Http2Headers forwarded;

  /** What the head of an answer says that isn't gRPC. */
  dev.holdfast.transcoding.http.StatusCode plainStatus =
      dev.holdfast.transcoding.http.StatusCode.UNKNOWN;

  /** Whether all of the request came. */
  boolean requestEnded;

  /** What it does, for whoever watches. */
  final CallTrace trace;

  RouteOptions terms = RouteOptions.DEFAULT;

  /** The time that the call has; 0 for any. */
  long timeoutNanos;

  @Nullable ScheduledFuture<?> deadline;

  /** When it is older than its route lets it get. */
  @Nullable ScheduledFuture<?> age;

  /** Until when it waits for a connection. */
  @Nullable ScheduledFuture<?> patience;

  ClientStream(LoopTraffic traffic, Http2Headers request, boolean ended) {
    this.request = request;
    this.forwarded = request;
    this.requestEnded = ended;
    this.grpc = Head.isGrpc(request);
    this.trace = traffic.begin(request, grpc);
  }

  @Override
  public CharSequence path() {
    CharSequence path = request.path();
    return path == null ? "" : path;
  }

  @Override
  public CharSequence authority() {
    CharSequence authority = request.authority();
    if (authority == null) {
      authority = request.get(Names.HOST);
    }
    return authority == null ? "" : authority;
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return request.get(name);
  }

  /** What it is forwarded with. */
  abstract ForwardingLoop loop();

  /** Who calls. */
  abstract Client client();

  /** Pays for the bytes of the request and of its answer. */
  abstract MemoryAccount memory();

  /** Counts bytes of the request that wait for the upstream. */
  abstract void keep(int bytes);

  /** Bytes that were kept are with the upstream, or dropped. */
  abstract void giveBack(int bytes);

  /** Who hears that DATA of the request is written: its bytes are given back then. */
  abstract Written bridge(int bytes);

  /** The head of an answer that goes on. */
  abstract void begin(Http2Headers headers);

  /**
   * DATA that more will follow, and that stays its caller's; the sender gets its bytes back when it
   * is done with.
   */
  abstract void pass(ByteBuf data, UpstreamConnection from, Http2Stream stream, int bytes);

  /** The last frame of an answer in DATA, which stays its caller's. */
  abstract void endWith(ByteBuf data, UpstreamConnection from, Http2Stream stream, int bytes);

  /** The last frame of an answer in HEADERS. */
  abstract void endWith(Http2Headers trailers);

  /**
   * An end of our own.
   *
   * @param began whether headers of an answer were sent already
   */
  abstract void endWith(StatusCode status, String message, boolean began);

  /** The gateway ends it; some of the reasons are its client's doing. */
  final void judge(Reason why, boolean attempted) {
    if (why == Reason.DEADLINE || why == Reason.NO_ROUTE) {
      onGivenUp(attempted);
    }
  }

  /**
   * The gateway ends it for what its client asked for.
   *
   * @param attempted whether it made work for an upstream
   */
  void onGivenUp(boolean attempted) {
    // Only where somebody might do so on purpose.
  }

  /** Nothing of it was processed, and there is no attempt left. */
  abstract void endRefused();

  /** Ends it with a status of our own, whatever it is doing. */
  abstract void fail(Reason why, StatusCode status, String what);

  /** Not all streams that began at once end at once, for they come back. */
  final void startAge() {
    long nanos = terms.streamAge().toNanos();
    if (nanos > 0) {
      long tenth = nanos / 10;
      long spread = ThreadLocalRandom.current().nextLong(-tenth, tenth + 1);
      Runnable end =
          () -> fail(Reason.AGE, StatusCode.UNAVAILABLE, Answers.tooOld(terms.streamAge()));
      age = after(nanos + spread, end);
    }
  }

  /** Runs a task on the loop, unless it is cancelled. */
  final ScheduledFuture<?> after(long nanos, Runnable task) {
    return loop().eventLoop().schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  final void cancelTimers() {
    cancel(deadline);
    cancel(age);
    cancel(patience);
  }

  static void cancel(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
