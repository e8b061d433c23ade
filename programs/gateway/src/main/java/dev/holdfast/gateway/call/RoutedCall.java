package dev.holdfast.gateway.call;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.cluster.ConnectionPool;
import dev.holdfast.gateway.cluster.EndpointFault;
import dev.holdfast.gateway.cluster.PendingCall;
import dev.holdfast.gateway.cluster.RetryBudget;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.headers.RequestHeaderRewrite;
import dev.holdfast.gateway.headers.ResponseHeaders;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.http2.codec.HeadersWrite;
import dev.holdfast.gateway.limits.MetLimit;
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
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A request and its response: a stream of a client, and the upstream streams of its attempts, one
 * after the other. Confined to the event loop of both. {@link CallStateMachine} decides; its
 * effects are here.
 */
public final class RoutedCall
    implements UpstreamStreamListener,
        PendingCall<UpstreamConnection>,
        CallEffects<Http2Headers, ByteBuf> {
  @Limit(
      of =
          "time that a call waits for a connection to an endpoint of its cluster, or 1s more than"
              + " the cluster's connect-timeout when that is longer",
      then = "it is answered with UNAVAILABLE")
  static final Duration CONNECTION_WAIT = Duration.ofSeconds(10);

  /** The connection's own failure comes first, as it has the cause and the endpoint. */
  private static final Duration CONNECTION_WAIT_MARGIN = Duration.ofSeconds(1);

  private static final Backoff.BackoffOptions DELAYS =
      new Backoff.BackoffOptions(Duration.ofMillis(50), Duration.ofSeconds(1));

  private final Downstream downstream;
  private final DownstreamRequest request;
  private final CallRecord trace;
  private final CallTimers timers;
  private final RetryBuffer body = new RetryBuffer();
  private final CallStateMachine<Http2Headers, ByteBuf> machine;
  private boolean requestEnded;

  /** The request headers that go upstream; the original ones until there is a route. */
  private Http2Headers forwarded;

  private RouteOptions routeOptions = RouteOptions.DEFAULT;
  private @Nullable Cluster cluster;

  /** The endpoint of the current attempt; before it is opened, the one that was found. */
  private @Nullable ConnectionPool<UpstreamConnection> pool;

  /** The retry budget of the first attempt's cluster. */
  private @Nullable RetryBudget budget;

  private @Nullable UpstreamConnection up;
  private @Nullable CallStream upStream;
  private @Nullable HeadersWrite written;

  /** The www-authenticate of an upstream's 401 that is not gRPC; empty for none. */
  private List<CharSequence> challenge = List.of();

  /**
   * Creates a call that has no route yet; {@link #begin()} begins it.
   *
   * @param headers of the request
   * @param ended whether the request has no body
   */
  public RoutedCall(Downstream downstream, Http2Headers headers, boolean ended) {
    downstream.loop().assertInLoop();
    boolean grpc = ReceivedHeaders.isGrpc(headers);
    this.downstream = downstream;
    this.request = new DownstreamRequest(headers);
    this.forwarded = headers;
    this.requestEnded = ended;
    this.trace = downstream.loop().traffic().begin(headers, grpc);
    this.timers = new CallTimers(downstream.loop());
    this.machine = new CallStateMachine<>(this, grpc);
    trace.onClient(downstream.clientIdentity().forwardedFor(headers));
  }

  /** Whether the request is one of gRPC. */
  public boolean isGrpc() {
    return machine.isGrpc();
  }

  /** Whether the request has ended. */
  public boolean isRequestEnded() {
    return requestEnded;
  }

  /** The content type of the request; null when absent. */
  public @Nullable CharSequence contentType() {
    return request.header(HeaderNames.CONTENT_TYPE);
  }

  /**
   * Adds the challenge of an upstream's 401 that is not gRPC to the local reply, if there is one.
   */
  public Http2Headers withChallenge(Http2Headers reply) {
    return challenge.isEmpty() ? reply : reply.add(HeaderNames.WWW_AUTHENTICATE, challenge);
  }

  /** The record of the call for statistics and logs. */
  public CallRecord trace() {
    return trace;
  }

  /** The upstream stream of the current attempt; null when there is none. */
  public @Nullable CallStream upstreamStream() {
    return upStream;
  }

  /** Bytes of the request that are kept for another attempt. */
  public long bodyBytes() {
    return body.bytes();
  }

  @Override
  public boolean isOver() {
    return machine.isOver();
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
    forwarded = ReceivedHeaders.forwarded(request.headers(), downstream.clientIdentity(), isGrpc());
    trace.onRoute(route, forwarded);
    machine.onRouted(
        routeOptions.retry(),
        RequestHeaderRewrite.timeoutNanos(request.headers(), routeOptions),
        routeOptions.streamAge());
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
    if (!machine.isAttemptOpen()) {
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
    machine.onClientGone();
  }

  /** Ends the call with a local reply, in any state. */
  public void fail(CallEndReason why, LocalReplyStatus status, String what) {
    downstream.loop().assertInLoop();
    machine.refuse(why, status, what);
  }

  /** Ends the call without a reply: the caller resets the client's stream. */
  public void drop(LocalReplyStatus status) {
    downstream.loop().assertInLoop();
    machine.drop(status);
  }

  @Override
  public void onConnection(
      ConnectionPool<UpstreamConnection> chosen, UpstreamConnection connection) {
    downstream.loop().assertInLoop();
    if (machine.isConnecting()) {
      pool = chosen;
      up = connection;
      machine.onConnection(machine.hasTimeout() ? trace.spentNanos() : 0);
    }
  }

  @Override
  public void onNoConnection(String endpoint, String why, boolean again) {
    downstream.loop().assertInLoop();
    machine.onNoConnection(endpoint, why, again);
  }

  @Override
  public void onResponseHeaders(Http2Headers headers, boolean end) {
    downstream.loop().assertInLoop();
    boolean timed = end && machine.mayRetryAnswer() && machine.hasTimeout();
    machine.onResponseHeaders(
        headers, ReceivedHeaders.facts(headers, end), end, timed ? trace.spentNanos() : 0);
  }

  @Override
  public int onResponseData(ByteBuf data, int bytes, boolean end) {
    downstream.loop().assertInLoop();
    return machine.onResponseData(data, bytes, end) ? 0 : bytes;
  }

  @Override
  public void onUpstreamReset(long code) {
    machine.onAttemptReset(code);
  }

  @Override
  public void onUpstreamFault(String why, boolean malformed) {
    machine.onAttemptFault(why, malformed);
  }

  @Override
  public void onUpstreamClosed(UpstreamConnection connection, boolean untouched) {
    downstream.loop().assertInLoop();
    upStream = null;
    HeadersWrite write = written;
    machine.onAttemptClosed(
        connection.closeReason(),
        untouched,
        write == null || !write.isSuccess(),
        machine.hasTimeout() ? trace.spentNanos() : 0);
  }

  @Override
  public void startDeadline(long nanos) {
    timers.startDeadline(nanos, machine::onDeadline);
  }

  @Override
  public void startAge(Duration longest) {
    timers.startAge(longest, this::onTooOld);
  }

  @Override
  public void startConnectionWait() {
    Cluster chosen = cluster;
    timers.startConnectionWait(
        chosen == null ? CONNECTION_WAIT : connectionWait(chosen.options()), this::onNothingFound);
  }

  /** No call gives up while the first connection to an endpoint may still be made. */
  static Duration connectionWait(ClusterOptions options) {
    Duration connecting = options.connectTimeout().plus(CONNECTION_WAIT_MARGIN);
    return connecting.compareTo(CONNECTION_WAIT) > 0 ? connecting : CONNECTION_WAIT;
  }

  @Override
  public void stopConnectionWait() {
    timers.stopConnectionWait();
  }

  @Override
  public void startBackoff(long nanos) {
    timers.after(nanos, machine::onBackoffOver);
  }

  @Override
  public void stopTimers() {
    timers.cancel();
  }

  @Override
  public void findEndpoint() {
    Cluster chosen = cluster;
    if (chosen != null) {
      long nowNanos = GatewayEpollIoHandler.nanoTime();
      downstream.loop().local(chosen).find(this, downstream.preference(), nowNanos);
    }
  }

  @Override
  public @Nullable AttemptFailure openAttempt(int earlierAttempts, long spentNanos) {
    UpstreamConnection connection = up;
    ConnectionPool<UpstreamConnection> chosen = pool;
    if (connection == null || chosen == null) {
      throw new IllegalStateException("attempt without a connection");
    }
    HeadersWrite write = new HeadersWrite();
    written = write;
    CallStream stream = connection.open(headers(earlierAttempts, spentNanos), isBare(), write);
    if (stream == null) {
      return AttemptFailure.unopened(write.cause());
    }
    chosen.onCallBegan();
    if (budget == null) {
      budget = chosen.retries();
      budget.onCall();
    }
    trace.onAttempt(connection.address());
    downstream.onAttempt(connection.address());
    connection.attach(stream, this);
    connection.charge(stream, downstream.memory());
    upStream = stream;
    return null;
  }

  @Override
  public void sendHeldRequest() {
    if (!isBare()) {
      sendBody(body.frames());
    }
  }

  @Override
  public void reportAnswer(String fault) {
    ConnectionPool<UpstreamConnection> of = pool;
    if (of == null) {
      return;
    }
    if (fault.isEmpty()) {
      of.onAnswered();
    } else {
      of.onFault(EndpointFault.UNAVAILABLE, fault);
    }
  }

  @Override
  public void endFailedAttempt(AttemptFailure failure) {
    ConnectionPool<UpstreamConnection> of = pool;
    UpstreamConnection connection = up;
    EndpointFault fault = failure.fault();
    if (of == null || connection == null) {
      return;
    }
    if (fault == EndpointFault.LOST) {
      of.onLost(connection, failure.what());
    } else if (fault != null) {
      of.onFault(fault, failure.what());
    }
    of.onCallEnded();
  }

  @Override
  public void endAttempt(boolean complete) {
    UpstreamConnection connection = up;
    CallStream stream = upStream;
    ConnectionPool<UpstreamConnection> of = pool;
    if (connection != null && stream != null && of != null) {
      upStream = null;
      connection.detach(stream);
      of.onCallEnded();
      if (!complete || stream.state().localSideOpen()) {
        connection.cancel(stream);
      }
    }
  }

  @Override
  public boolean isRequestKept() {
    return body.isComplete();
  }

  @Override
  public void freeRequest() {
    body.forget();
    int awaiting = body.takeDeferredWindow();
    if (awaiting > 0) {
      downstream.giveBack(awaiting);
    }
  }

  @Override
  public boolean takeRetry(boolean unprocessed) {
    RetryBudget of = budget;
    boolean may = of == null || (unprocessed ? of.tryTransparentRetry() : of.tryRetry());
    if (!may) {
      downstream.loop().meters().met(MetLimit.RETRIES);
    }
    return may;
  }

  @Override
  public int clientAttempts() {
    CharSequence before = request.header(HeaderNames.PREVIOUS_ATTEMPTS);
    return before == null ? 0 : Math.max(0, RetryDelay.number(before));
  }

  @Override
  public Backoff newBackoff() {
    return new Backoff(DELAYS, ThreadLocalRandom.current());
  }

  @Override
  public void recordRetry(GrpcStatusCode failure) {
    downstream.loop().meters().retried();
    trace.onRetry(failure);
  }

  @Override
  public @Nullable CharSequence grpcStatus(Http2Headers headers) {
    return headers.get(HeaderNames.GRPC_STATUS);
  }

  @Override
  public @Nullable CharSequence pushback(Http2Headers headers) {
    return headers.get(HeaderNames.RETRY_PUSHBACK);
  }

  @Override
  public LocalReplyStatus statusOfHttp(Http2Headers headers) {
    return LocalReplyStatus.ofHttp(headers.status());
  }

  @Override
  public void keepChallenge(Http2Headers headers) {
    if (statusOfHttp(headers) == LocalReplyStatus.UNAUTHENTICATED) {
      challenge = headers.getAll(HeaderNames.WWW_AUTHENTICATE);
    }
  }

  @Override
  public String describe(Http2Headers headers) {
    return ResponseHeaders.describe(headers);
  }

  @Override
  public void forwardHeaders(Http2Headers headers, boolean end) {
    if (end) {
      downstream.endWith(headers);
    } else {
      trace.onAnswer();
      downstream.begin(headers);
    }
  }

  @Override
  public void countData(ByteBuf data, int bytes) {
    UpstreamConnection from = up;
    CallStream stream = upStream;
    trace.onAnswerData(data, bytes);
    if (from != null && stream != null) {
      from.keep(stream, bytes);
    }
  }

  @Override
  public void forwardData(ByteBuf data, int bytes, boolean end) {
    UpstreamConnection from = up;
    CallStream stream = upStream;
    if (from == null || stream == null) {
      throw new IllegalStateException("DATA without an attempt");
    }
    if (end) {
      downstream.endWith(data, from, stream, bytes);
    } else if (bytes > 0) {
      downstream.pass(data, from, stream, bytes);
    }
  }

  @Override
  public void recordEnd(CallEndReason why, GrpcStatusCode status) {
    trace.onEnd(why, status);
  }

  @Override
  public void replyLocally(
      CallEndReason why, LocalReplyStatus status, String what, String endpoint, boolean began) {
    int attempts = machine.attempts();
    String message = LocalReplies.message(what, trace.spentNanos(), endpoint, attempts);
    endWithoutReply(why, status);
    if (why == CallEndReason.DEADLINE || why == CallEndReason.NO_ROUTE) {
      downstream.onGivenUp(attempts > 0);
    }
    downstream.endWith(status, message, began);
  }

  @Override
  public void endWithoutReply(CallEndReason why, LocalReplyStatus status) {
    downstream.loop().meters().localReply(status.name());
    trace.onEnd(why, status.code());
  }

  @Override
  public void refuseStream() {
    downstream.endRefused();
  }

  @Override
  public String endpoint() {
    return up == null ? "none" : up.address();
  }

  private void onTooOld() {
    fail(
        CallEndReason.AGE,
        LocalReplyStatus.UNAVAILABLE,
        LocalReplies.tooOld(routeOptions.streamAge()));
  }

  private void onNothingFound() {
    machine.onConnectionWaitOver(cluster == null ? "" : cluster.trouble());
  }

  /** Whether the request headers are the whole request. */
  private boolean isBare() {
    return requestEnded && body.frames().isEmpty();
  }

  /** The request headers of an attempt: those of the call, or a copy with what the attempt adds. */
  private Http2Headers headers(int earlierAttempts, long spentNanos) {
    Http2Headers headers = forwarded;
    if (machine.hasTimeout()) {
      headers = RequestHeaderRewrite.withTimeout(headers, machine.timeoutNanos(), spentNanos);
    }
    if (earlierAttempts > 0) {
      headers = ReceivedHeaders.copyIfCached(headers);
      headers.set(HeaderNames.PREVIOUS_ATTEMPTS, AsciiString.of(Integer.toString(earlierAttempts)));
    }
    return headers;
  }

  private void sendBody(List<ByteBuf> frames) {
    CallStream stream = upStream;
    int bridged = body.takeDeferredWindow();
    int last = frames.size() - 1;
    int i = 0;
    // A write may end the attempt and begin the next one, which sends the frames itself.
    for (; i <= last && stream != null && upStream == stream; i++) {
      write(frames.get(i), i == last ? bridged : 0, requestEnded && i == last);
    }
    if (i <= Math.max(last, 0) && bridged > 0) {
      downstream.giveBack(bridged);
    }
    body.onSent(downstream.loop().meters());
  }

  /** Sends DATA upstream, which stays the caller's; its bytes are given back when it is written. */
  private void write(ByteBuf data, int bytes, boolean end) {
    UpstreamConnection to = up;
    CallStream stream = upStream;
    if (to == null || stream == null) {
      downstream.giveBack(bytes);
    } else {
      to.send(stream, data, end, downstream.windowCredit(bytes));
    }
  }
}
