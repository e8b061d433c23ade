package dev.holdfast.gateway.call;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ConnectionPool;
import dev.holdfast.gateway.cluster.PendingCall;
import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.headers.RequestHeaderRewrite;
import dev.holdfast.gateway.headers.ResponseHeaders;
import dev.holdfast.gateway.http2.codec.HeadersWrite;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.loop.ConfigSnapshot;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.gateway.traffic.CallRecord;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import dev.holdfast.gateway.upstream.UpstreamStreamListener;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request and its response: a stream of a client, and the upstream streams of its attempts, one
 * after the other. Confined to the event loop of both. {@link CallState} has the states.
 *
 * <p>Until the response begins, an attempt that certainly was not processed is followed by another
 * one.
 */
public final class RoutedCall implements UpstreamStreamListener, PendingCall<UpstreamConnection> {
  @Limit(
      of = "time that a call waits for a connection to an endpoint of its cluster",
      then = "it is answered with UNAVAILABLE")
  static final Duration CONNECTION_WAIT = Duration.ofSeconds(10);

  private final Downstream downstream;
  private final DownstreamRequest request;
  private final boolean grpc;
  private final CallRecord trace;
  private final CallTimers timers;
  private final RetryBuffer body = new RetryBuffer();
  private final RetryState retryState = new RetryState();
  private CallState state = CallState.ROUTING;
  private boolean requestEnded;

  /** The request headers that go upstream; the original ones until there is a route. */
  private Http2Headers forwarded;

  private RouteOptions routeOptions = RouteOptions.DEFAULT;

  /** The timeout of the call in nanoseconds; 0 for none. */
  private long timeoutNanos;

  private @Nullable Cluster cluster;
  private @Nullable UpstreamConnection up;
  private @Nullable Http2Stream upStream;

  /** The call status that the response headers amount to, for a response that is not gRPC. */
  private GrpcStatusCode plainStatus = GrpcStatusCode.UNKNOWN;

  /**
   * Creates a call that has no route yet; {@link #begin()} begins it.
   *
   * @param headers of the request
   * @param ended whether the request has no body
   */
  public RoutedCall(Downstream downstream, Http2Headers headers, boolean ended) {
    downstream.loop().assertInLoop();
    this.downstream = downstream;
    this.request = new DownstreamRequest(headers);
    this.forwarded = headers;
    this.requestEnded = ended;
    this.grpc = ReceivedHeaders.isGrpc(headers);
    this.trace = downstream.loop().traffic().begin(headers, grpc);
    this.timers = new CallTimers(downstream.loop().eventLoop());
    trace.onClient(downstream.clientIdentity().forwardedFor(headers));
  }

  /** Whether the request is one of gRPC. */
  public boolean isGrpc() {
    return grpc;
  }

  /** Whether the request has ended. */
  public boolean isRequestEnded() {
    return requestEnded;
  }

  /** The content type of the request; null when absent. */
  public @Nullable CharSequence contentType() {
    return request.header(HeaderNames.CONTENT_TYPE);
  }

  /** The record of the call for statistics and logs. */
  public CallRecord trace() {
    return trace;
  }

  /** The upstream stream of the current attempt; null when there is none. */
  public @Nullable Http2Stream upstreamStream() {
    return upStream;
  }

  /** Bytes of the request that are kept for another attempt. */
  public long bodyBytes() {
    return body.bytes();
  }

  @Override
  public boolean isOver() {
    return state == CallState.OVER;
  }

  @Override
  public int hash() {
    CharSequence value = routeOptions.hashHeader().map(request::header).orElse(null);
    return value == null ? Long.hashCode(System.nanoTime()) : value.toString().hashCode();
  }

  /** Routes the request and begins the first attempt. */
  public void begin() {
    ConfigSnapshot snapshot = downstream.loop().snapshot();
    Route route = ReceivedHeaders.route(request.headers(), snapshot.router(), request);
    if (route == null) {
      LocalReplyStatus status = LocalReplies.noRouteStatus(snapshot.router());
      fail(CallEndReason.NO_ROUTE, status, LocalReplies.noRoute(request, snapshot.router()));
      return;
    }
    Cluster target = snapshot.clusters().get(route.cluster());
    if (target == null) {
      fail(CallEndReason.NO_CLUSTER, LocalReplyStatus.UNAVAILABLE, LocalReplies.noCluster(route));
      return;
    }
    begin(target, route);
  }

  /** Begins the first attempt on a given route. */
  void begin(Cluster target, Route route) {
    routeOptions = route.options();
    cluster = target;
    forwarded = ReceivedHeaders.forwarded(request.headers(), downstream.clientIdentity(), grpc);
    trace.onRoute(route, forwarded);
    if (startDeadline()) {
      timers.startAge(routeOptions.streamAge(), this::onTooOld);
      transitionTo(CallState.CONNECTING);
      find();
    }
  }

  /**
   * Handles DATA of the client.
   *
   * @return the bytes whose window may be given back at once
   */
  public int onRequestData(ByteBuf data, int bytes, boolean end) {
    downstream.loop().assertInLoop();
    requestEnded |= end;
    if (isOver()) {
      return bytes;
    }
    trace.onRequestData(data, bytes);
    downstream.keep(bytes);
    ByteBuf kept = data.isReadable() ? body.keep(data, downstream.memory()) : data;
    if (upStream == null) {
      body.deferWindow(bytes);
    } else if (bytes > 0 || end) {
      write(kept, bytes, end);
      body.onSent(downstream.loop().meters());
    }
    return 0;
  }

  /**
   * Ends the request without its trailers: gRPC has none, and servers treat a second HEADERS as a
   * connection error that ends all calls of others too.
   */
  public void onRequestTrailers() {
    onRequestData(Unpooled.EMPTY_BUFFER, 0, true);
  }

  /** The client reset the stream, its connection was lost, or the call is complete. */
  public void onDownstreamClosed() {
    downstream.loop().assertInLoop();
    if (!isOver()) {
      transitionTo(CallState.OVER);
      trace.onEnd(CallEndReason.CLIENT_LEFT, LocalReplyStatus.CANCELLED.code());
      release(false);
    }
  }

  @Override
  public void onConnection(
      ConnectionPool<UpstreamConnection> chosen, UpstreamConnection connection) {
    up = connection;
    timers.stopConnectionWait();
    Http2Headers headers =
        timeoutNanos > 0
            ? RequestHeaderRewrite.withTimeout(forwarded, timeoutNanos, trace.spentNanos())
            : forwarded;
    List<ByteBuf> frames = body.frames();
    boolean bare = requestEnded && frames.isEmpty();
    HeadersWrite write = new HeadersWrite();
    Http2Stream stream = connection.open(retryState.begin(headers, write), bare, write);
    if (stream == null) {
      onFailed(AttemptFailure.unopened(write.cause()));
      return;
    }
    retryState.opened(chosen);
    trace.onAttempt(connection.address());
    connection.attach(stream, this);
    connection.charge(stream, downstream.memory());
    upStream = stream;
    transitionTo(CallState.ATTEMPT);
    if (!bare) {
      sendBody(frames);
    }
  }

  @Override
  public void onNoConnection(String endpoint, String why, boolean again) {
    if (isOver()) {
      return;
    }
    if (again) {
      retryState.add();
    }
    if (again && retryState.isLeft(routeOptions.retry())) {
      find();
    } else {
      refuse(
          CallEndReason.NO_CONNECTION,
          LocalReplyStatus.UNAVAILABLE,
          "no connection: " + why,
          endpoint);
    }
  }

  @Override
  public void onResponseHeaders(Http2Headers headers, boolean end) {
    if (isOver()) {
      return;
    }
    ResponseHeaders.ResponseFacts responseFacts = ReceivedHeaders.facts(headers, end);
    boolean first = state == CallState.ATTEMPT;
    if (first) {
      if (responseFacts.malformed()) {
        fail(
            CallEndReason.BAD_ANSWER, LocalReplyStatus.INTERNAL, ResponseHeaders.describe(headers));
        return;
      }
      if (responseFacts.informational()) {
        return;
      }
      retryState.onHead(responseFacts.endpointFault());
      if (end && grpc && mayAskAgain(headers)) {
        return;
      }
    }
    if (grpc && first && responseFacts.notGrpc()) {
      LocalReplyStatus meant = LocalReplyStatus.ofHttp(headers.status());
      fail(CallEndReason.BAD_ANSWER, meant, ResponseHeaders.describe(headers));
      return;
    }
    if (grpc && end && !responseFacts.hasStatus()) {
      fail(
          CallEndReason.BAD_ANSWER,
          LocalReplyStatus.UNKNOWN,
          "the response ended without a grpc-status");
      return;
    }
    body.forget();
    if (end) {
      transitionTo(CallState.OVER);
      trace.onEnd(CallEndReason.ANSWERED, responseFacts.status());
      downstream.endWith(headers);
      release(true);
    } else {
      transitionTo(CallState.RESPONDING);
      plainStatus = grpc ? plainStatus : responseFacts.status();
      trace.onAnswer();
      downstream.begin(headers);
    }
  }

  @Override
  public int onResponseData(ByteBuf data, int bytes, boolean end) {
    UpstreamConnection from = up;
    Http2Stream stream = upStream;
    if (isOver() || from == null || stream == null) {
      return bytes;
    }
    if (state != CallState.RESPONDING) {
      fail(
          CallEndReason.BAD_ANSWER,
          LocalReplyStatus.INTERNAL,
          "DATA before the headers of the response");
      return bytes;
    }
    trace.onAnswerData(data, bytes);
    from.keep(stream, bytes);
    boolean last = end && !grpc;
    if (last) {
      transitionTo(CallState.OVER);
      trace.onEnd(CallEndReason.ANSWERED, plainStatus);
      downstream.endWith(data, from, stream, bytes);
      release(true);
    } else {
      if (bytes > 0) {
        downstream.pass(data, from, stream, bytes);
      }
      if (end) {
        fail(
            CallEndReason.BAD_ANSWER,
            LocalReplyStatus.UNKNOWN,
            "the response ended without trailers");
      }
    }
    return 0;
  }

  @Override
  public void onUpstreamReset(long code) {
    retryState.onReset(code);
  }

  @Override
  public void onUpstreamFault(String why, boolean malformed) {
    retryState.onTrouble(why, malformed);
  }

  @Override
  public void onUpstreamClosed(UpstreamConnection connection, boolean untouched) {
    upStream = null;
    if (isOver()) {
      retryState.ended();
    } else {
      onFailed(retryState.onClosed(connection, untouched, request.headers()));
    }
  }

  /** Ends the call with a local reply, in any state. */
  public void fail(CallEndReason why, LocalReplyStatus status, String what) {
    refuse(why, status, what, up == null ? "none" : up.address());
  }

  private void find() {
    Cluster chosen = cluster;
    if (chosen != null && state == CallState.CONNECTING) {
      downstream.loop().local(chosen).find(this, GatewayEpollIoHandler.nanoTime());
      if (state == CallState.CONNECTING) {
        timers.startConnectionWait(CONNECTION_WAIT, this::onNothingFound);
      }
    }
  }

  private void onFailed(AttemptFailure failure) {
    if (timeoutNanos > 0 && trace.spentNanos() >= timeoutNanos) {
      // The upstream looked at its clock before us.
      onDeadline();
      return;
    }
    GatewayMeters meters = downstream.loop().meters();
    boolean responding = state == CallState.RESPONDING;
    if (!responding
        && body.isComplete()
        && retryState.mayFollow(failure, routeOptions.retry(), meters)) {
      meters.retried();
      trace.onRetry(failure.status().code());
      transitionTo(CallState.CONNECTING);
      find();
    } else if (!responding && retryState.isUnprocessed()) {
      transitionTo(CallState.OVER);
      trace.onEnd(CallEndReason.UPSTREAM_RESET, failure.status().code());
      downstream.endRefused();
      release(false);
    } else {
      fail(failure.why(), failure.status(), failure.what());
    }
  }

  /**
   * Whether a trailers-only response is not forwarded but retried; then the next attempt is
   * scheduled.
   */
  private boolean mayAskAgain(Http2Headers answer) {
    long left = timeoutNanos > 0 ? timeoutNanos - trace.spentNanos() : Long.MAX_VALUE;
    long delay =
        body.isComplete()
            ? retryState.delayNanos(routeOptions.retry(), request.headers(), answer, left)
            : -1;
    if (delay < 0 || !retryState.mayRepeat(downstream.loop().meters())) {
      return false;
    }
    downstream.loop().meters().retried();
    trace.onRetry(ResponseHeaders.status(answer));
    letGo(true);
    transitionTo(CallState.BACKOFF);
    var unused = timers.after(delay, this::onBackoffOver);
    return true;
  }

  private boolean startDeadline() {
    long nanos = RequestHeaderRewrite.timeoutNanos(request.headers(), routeOptions);
    if (nanos == GrpcTimeout.EXPIRED) {
      onDeadline();
      return false;
    }
    timeoutNanos = nanos;
    if (nanos > 0) {
      timers.startDeadline(nanos, this::onDeadline);
    }
    return true;
  }

  private void onBackoffOver() {
    if (state == CallState.BACKOFF) {
      transitionTo(CallState.CONNECTING);
      find();
    }
  }

  private void onTooOld() {
    fail(
        CallEndReason.AGE,
        LocalReplyStatus.UNAVAILABLE,
        LocalReplies.tooOld(routeOptions.streamAge()));
  }

  private void onNothingFound() {
    String trouble = cluster == null ? "" : cluster.trouble();
    fail(
        CallEndReason.NO_CONNECTION,
        LocalReplyStatus.UNAVAILABLE,
        LocalReplies.noConnection(trouble));
  }

  private void onDeadline() {
    fail(
        CallEndReason.DEADLINE,
        LocalReplyStatus.DEADLINE_EXCEEDED,
        LocalReplies.deadline(timeoutNanos));
  }

  private void sendBody(List<ByteBuf> frames) {
    int bridged = body.takeDeferredWindow();
    int last = frames.size() - 1;
    for (int i = 0; i <= last && upStream != null; i++) {
      write(frames.get(i), i == last ? bridged : 0, requestEnded && i == last);
    }
    if (last < 0 && bridged > 0) {
      downstream.giveBack(bridged);
    }
    body.onSent(downstream.loop().meters());
  }

  /** Sends DATA upstream, which stays the caller's; its bytes are given back when it is written. */
  private void write(ByteBuf data, int bytes, boolean end) {
    UpstreamConnection to = up;
    Http2Stream stream = upStream;
    if (to == null || stream == null) {
      downstream.giveBack(bytes);
    } else {
      to.send(stream, data, end, downstream.windowCredit(bytes));
    }
  }

  /** Ends the call without a reply: the caller resets the client's stream. */
  public void drop(LocalReplyStatus status) {
    if (!isOver()) {
      end(CallEndReason.LIMIT, status);
      release(false);
    }
  }

  private void end(CallEndReason why, LocalReplyStatus status) {
    downstream.loop().meters().localReply(status.name());
    trace.onEnd(why, status.code());
    transitionTo(CallState.OVER);
  }

  private void refuse(CallEndReason why, LocalReplyStatus status, String what, String endpoint) {
    downstream.loop().assertInLoop();
    if (isOver()) {
      return;
    }
    boolean began = state == CallState.RESPONDING;
    String message = LocalReplies.message(what, trace.spentNanos(), endpoint, retryState.made());
    end(why, status);
    if (why == CallEndReason.DEADLINE || why == CallEndReason.NO_ROUTE) {
      downstream.onGivenUp(retryState.made() > 0);
    }
    downstream.endWith(status, message, began);
    release(false);
  }

  /**
   * Releases the upstream stream, the timers and all kept bytes.
   *
   * @param ended whether the upstream's side ended just now
   */
  private void release(boolean ended) {
    timers.cancel();
    body.forget();
    int awaiting = body.takeDeferredWindow();
    if (awaiting > 0) {
      downstream.giveBack(awaiting);
    }
    letGo(ended);
  }

  private void letGo(boolean ended) {
    UpstreamConnection connection = up;
    Http2Stream stream = upStream;
    if (connection != null && stream != null) {
      upStream = null;
      connection.detach(stream);
      retryState.ended();
      if (!ended || stream.state().localSideOpen()) {
        connection.cancel(stream);
      }
    }
  }

  private void transitionTo(CallState next) {
    if (state != next) {
      if (!state.mayBecome(next)) {
        throw new IllegalStateException("call: " + state + " -> " + next);
      }
      state = next;
    }
  }
}
