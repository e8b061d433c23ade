package dev.holdfast.gateway.call;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ConnectionPool;
import dev.holdfast.gateway.cluster.PendingCall;
import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.headers.RequestHeaderRewrite;
import dev.holdfast.gateway.headers.ResponseHeaders;
import dev.holdfast.gateway.http2.codec.HeadersWrite;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.loop.ConfigSnapshot;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.gateway.traffic.LoopCallStatistics;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import dev.holdfast.gateway.upstream.UpstreamStreamListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request and its response: a stream of a client, and the upstream streams of its attempts, one
 * after the other. Confined to the event loop of both.
 *
 * <p>The exchange is over when the last frame for the client was handed on, or the client is gone.
 * Until the response begins, an attempt that certainly was not processed is followed by another
 * one.
 */
public abstract class RoutedCall extends DownstreamRequest
    implements UpstreamStreamListener, PendingCall<UpstreamConnection> {
  @Limit(
      of = "time that a call waits for a connection to an endpoint of its cluster",
      then = "it is answered with UNAVAILABLE")
  static final Duration CONNECTION_WAIT = Duration.ofSeconds(10);

  public final RetryBuffer body = new RetryBuffer();
  private @Nullable Cluster cluster;
  private final RetryState retryState = new RetryState();
  private @Nullable UpstreamConnection up;
  @Nullable public Http2Stream upStream;
  private boolean answerBegan;
  private boolean over;

  public RoutedCall(LoopCallStatistics traffic, Http2Headers request, boolean ended) {
    super(traffic, request, ended);
  }

  @Override
  public boolean isOver() {
    return over;
  }

  @Override
  public int hash() {
    CharSequence value = routeOptions.hashHeader().map(this::header).orElse(null);
    return value == null ? Long.hashCode(System.nanoTime()) : value.toString().hashCode();
  }

  /** Routes the request and begins the first attempt. */
  public final void begin() {
    ConfigSnapshot snapshot = loop().snapshot();
    Route route = ReceivedHeaders.route(request, snapshot.router(), this);
    if (route == null) {
      LocalReplyStatus status = LocalReplies.noRouteStatus(snapshot.router());
      fail(CallEndReason.NO_ROUTE, status, LocalReplies.noRoute(this, snapshot.router()));
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
  final void begin(Cluster target, Route route) {
    routeOptions = route.options();
    cluster = target;
    forwarded = ReceivedHeaders.forwarded(request, clientIdentity(), grpc);
    trace.onRoute(route, forwarded);
    if (startDeadline()) {
      startAge();
      find();
    }
  }

  /**
   * Handles DATA of the client.
   *
   * @return the bytes whose window may be given back at once
   */
  public final int onRequestData(ByteBuf data, int bytes, boolean end) {
    requestEnded |= end;
    if (over) {
      return bytes;
    }
    trace.onRequestData(data, bytes);
    keep(bytes);
    ByteBuf kept = data.isReadable() ? body.keep(data, memory()) : data;
    if (upStream == null) {
      body.deferWindow(bytes);
    } else if (bytes > 0 || end) {
      write(kept, bytes, end);
      body.onSent(loop().meters());
    }
    return 0;
  }

  /**
   * Ends the request without its trailers: gRPC has none, and servers treat a second HEADERS as a
   * connection error that ends all calls of others too.
   */
  public final void onRequestTrailers() {
    onRequestData(Unpooled.EMPTY_BUFFER, 0, true);
  }

  /** The client reset the stream, its connection was lost, or the call is complete. */
  public final void onDownstreamClosed() {
    if (!over) {
      over = true;
      trace.onEnd(CallEndReason.CLIENT_LEFT, LocalReplyStatus.CANCELLED.code());
      release(false);
    }
  }

  @Override
  public void onConnection(
      ConnectionPool<UpstreamConnection> chosen, UpstreamConnection connection) {
    up = connection;
    cancel(patience);
    patience = null;
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
    connection.charge(stream, memory());
    upStream = stream;
    if (!bare) {
      sendBody(frames);
    }
  }

  @Override
  public void onNoConnection(String endpoint, String why, boolean again) {
    if (over) {
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
  public final void onResponseHeaders(Http2Headers headers, boolean end) {
    if (over) {
      return;
    }
    ResponseHeaders.ResponseFacts responseFacts = ReceivedHeaders.facts(headers, end);
    if (!answerBegan) {
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
    if (grpc && !answerBegan && responseFacts.notGrpc()) {
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
    answerBegan = true;
    body.forget();
    if (end) {
      over = true;
      trace.onEnd(CallEndReason.ANSWERED, responseFacts.status());
      endWith(headers);
      release(true);
    } else {
      plainStatus = grpc ? plainStatus : responseFacts.status();
      trace.onAnswer();
      begin(headers);
    }
  }

  @Override
  public final int onResponseData(ByteBuf data, int bytes, boolean end) {
    UpstreamConnection from = up;
    Http2Stream stream = upStream;
    if (over || from == null || stream == null) {
      return bytes;
    }
    if (!answerBegan) {
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
      over = true;
      trace.onEnd(CallEndReason.ANSWERED, plainStatus);
      endWith(data, from, stream, bytes);
      release(true);
    } else {
      if (bytes > 0) {
        pass(data, from, stream, bytes);
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
  public final void onUpstreamReset(long code) {
    retryState.onReset(code);
  }

  @Override
  public final void onUpstreamFault(String why, boolean malformed) {
    retryState.onTrouble(why, malformed);
  }

  @Override
  public final void onUpstreamClosed(UpstreamConnection connection, boolean untouched) {
    upStream = null;
    if (over) {
      retryState.ended();
    } else {
      onFailed(retryState.onClosed(connection, untouched, request));
    }
  }

  @Override
  public final void fail(CallEndReason why, LocalReplyStatus status, String what) {
    refuse(why, status, what, up == null ? "none" : up.address());
  }

  private void find() {
    Cluster chosen = cluster;
    if (chosen != null && !over) {
      loop().local(chosen).find(this, GatewayEpollIoHandler.nanoTime());
      if (!over && upStream == null && patience == null) {
        patience = after(CONNECTION_WAIT.toNanos(), this::onNothingFound);
      }
    }
  }

  private void onFailed(AttemptFailure failure) {
    if (timeoutNanos > 0 && trace.spentNanos() >= timeoutNanos) {
      // The upstream looked at its clock before us.
      onDeadline();
      return;
    }
    GatewayMeters meters = loop().meters();
    if (!answerBegan
        && body.isComplete()
        && retryState.mayFollow(failure, routeOptions.retry(), meters)) {
      meters.retried();
      trace.onRetry(failure.status().code());
      find();
    } else if (!answerBegan && retryState.isUnprocessed()) {
      over = true;
      trace.onEnd(CallEndReason.UPSTREAM_RESET, failure.status().code());
      endRefused();
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
        body.isComplete() ? retryState.delayNanos(routeOptions.retry(), request, answer, left) : -1;
    if (delay < 0 || !retryState.mayRepeat(loop().meters())) {
      return false;
    }
    loop().meters().retried();
    trace.onRetry(ResponseHeaders.status(answer));
    letGo(true);
    var unused = after(delay, this::find);
    return true;
  }

  private boolean startDeadline() {
    long nanos = RequestHeaderRewrite.timeoutNanos(request, routeOptions);
    if (nanos == GrpcTimeout.EXPIRED) {
      onDeadline();
      return false;
    }
    timeoutNanos = nanos;
    if (nanos > 0) {
      deadline = after(nanos, this::onDeadline);
    }
    return true;
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
      giveBack(bridged);
    }
    body.onSent(loop().meters());
  }

  /** Sends DATA upstream, which stays the caller's; its bytes are given back when it is written. */
  private void write(ByteBuf data, int bytes, boolean end) {
    UpstreamConnection to = up;
    Http2Stream stream = upStream;
    if (to == null || stream == null) {
      giveBack(bytes);
    } else {
      to.send(stream, data, end, windowCredit(bytes));
    }
  }

  /** Ends the call without a reply: the caller resets the client's stream. */
  public final void drop(LocalReplyStatus status) {
    if (!over) {
      end(CallEndReason.LIMIT, status);
      release(false);
    }
  }

  private void end(CallEndReason why, LocalReplyStatus status) {
    loop().meters().localReply(status.name());
    trace.onEnd(why, status.code());
    over = true;
  }

  private void refuse(CallEndReason why, LocalReplyStatus status, String what, String endpoint) {
    if (over) {
      return;
    }
    String message = LocalReplies.message(what, trace.spentNanos(), endpoint, retryState.made());
    end(why, status);
    judge(why, retryState.made() > 0);
    endWith(status, message, answerBegan);
    release(false);
  }

  /**
   * Releases the upstream stream, the timers and all kept bytes.
   *
   * @param ended whether the upstream's side ended just now
   */
  private void release(boolean ended) {
    cancelTimers();
    body.forget();
    int awaiting = body.takeDeferredWindow();
    if (awaiting > 0) {
      giveBack(awaiting);
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
}
