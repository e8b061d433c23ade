package dev.holdfast.gateway.call;

import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.http2.codec.WriteListener;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.gateway.traffic.CallRecord;
import dev.holdfast.gateway.traffic.LoopCallStatistics;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The client side of an exchange: the request, its deadline and timers, and the way its response
 * goes. Confined to one event loop.
 */
public abstract class DownstreamRequest implements RequestHead {
  final Http2Headers request;
  public final boolean grpc;

  /** The request headers that go upstream; the original ones until there is a route. */
  Http2Headers forwarded;

  /** The call status that the response headers amount to, for a response that is not gRPC. */
  dev.holdfast.transcoding.status.GrpcStatusCode plainStatus =
      dev.holdfast.transcoding.status.GrpcStatusCode.UNKNOWN;

  /** Whether the request has ended. */
  public boolean requestEnded;

  /** The record of the call for statistics and logs. */
  public final CallRecord trace;

  RouteOptions routeOptions = RouteOptions.DEFAULT;

  /** The timeout of the call in nanoseconds; 0 for none. */
  long timeoutNanos;

  @Nullable ScheduledFuture<?> deadline;

  /** The timer of the longest duration that the route allows. */
  @Nullable ScheduledFuture<?> age;

  /** The timer of the wait for a connection. */
  @Nullable ScheduledFuture<?> patience;

  DownstreamRequest(LoopCallStatistics traffic, Http2Headers request, boolean ended) {
    this.request = request;
    this.forwarded = request;
    this.requestEnded = ended;
    this.grpc = ReceivedHeaders.isGrpc(request);
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
      authority = request.get(HeaderNames.HOST);
    }
    return authority == null ? "" : authority;
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return request.get(name);
  }

  /** The event loop's forwarding context. */
  protected abstract ForwardingLoop loop();

  /** The identity of the client. */
  protected abstract ClientIdentity clientIdentity();

  /** The account that is charged for bytes of the request and the response. */
  protected abstract MemoryAccount memory();

  /** Charges bytes of the request that wait for the upstream. */
  protected abstract void keep(int bytes);

  /** Releases bytes of the request that were sent upstream or dropped. */
  protected abstract void giveBack(int bytes);

  /** The receipt for DATA of the request: on its write, its bytes are given back. */
  protected abstract WriteListener windowCredit(int bytes);

  /** Sends the response headers, which do not end the response. */
  protected abstract void begin(Http2Headers headers);

  /**
   * Sends DATA that does not end the response.
   *
   * @param data stays the caller's
   * @param bytes that the upstream's window gets back once the DATA is written
   */
  protected abstract void pass(
      ByteBuf data, UpstreamConnection from, Http2Stream stream, int bytes);

  /** Sends the last DATA of a response; the data stays the caller's. */
  protected abstract void endWith(
      ByteBuf data, UpstreamConnection from, Http2Stream stream, int bytes);

  /** Sends the trailers of a response, or its only HEADERS. */
  protected abstract void endWith(Http2Headers trailers);

  /**
   * Ends the call with a local reply.
   *
   * @param began whether response headers were sent already
   */
  protected abstract void endWith(LocalReplyStatus status, String message, boolean began);

  /**
   * Reports an end by the gateway that the client caused: its deadline or a request without a
   * route.
   */
  final void judge(CallEndReason why, boolean attempted) {
    if (why == CallEndReason.DEADLINE || why == CallEndReason.NO_ROUTE) {
      onGivenUp(attempted);
    }
  }

  /**
   * The gateway ends the call because of what its client asked for.
   *
   * @param attempted whether an attempt was made, so that the call cost an upstream work
   */
  protected void onGivenUp(boolean attempted) {
    // Only where somebody might do so on purpose.
  }

  /** Ends a call of which no attempt was processed, and which has no attempt left. */
  protected abstract void endRefused();

  /** Ends the call with a local status, in any state. */
  abstract void fail(CallEndReason why, LocalReplyStatus status, String what);

  /**
   * Starts the timer of the longest duration, with jitter: streams that began together should not
   * reconnect together.
   */
  final void startAge() {
    long nanos = routeOptions.streamAge().toNanos();
    if (nanos > 0) {
      long tenth = nanos / 10;
      long spread = ThreadLocalRandom.current().nextLong(-tenth, tenth + 1);
      Runnable end =
          () ->
              fail(
                  CallEndReason.AGE,
                  LocalReplyStatus.UNAVAILABLE,
                  LocalReplies.tooOld(routeOptions.streamAge()));
      age = after(nanos + spread, end);
    }
  }

  /** Schedules a task on the event loop. */
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
