package dev.holdfast.gateway.http2;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.EndpointPool;
import dev.holdfast.gateway.cluster.Waiter;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.socket.SteadyEpoll;
import dev.holdfast.gateway.traffic.LoopTraffic;
import dev.holdfast.gateway.traffic.Reason;
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
abstract class Exchange extends ClientStream
    implements UpstreamStreamListener, Waiter<UpstreamConnection> {
  @Limit(
      of = "time that a call waits for a connection to an endpoint of its cluster",
      then = "it is answered with UNAVAILABLE")
  static final Duration CONNECTION_WAIT = Duration.ofSeconds(10);

  final RequestBody body = new RequestBody();
  private @Nullable Cluster cluster;
  private final Attempts attempts = new Attempts();
  private @Nullable UpstreamConnection up;
  @Nullable Http2Stream upStream;
  private boolean answerBegan;
  private boolean over;

  Exchange(LoopTraffic traffic, Http2Headers request, boolean ended) {
    super(traffic, request, ended);
  }

  @Override
  public boolean isOver() {
    return over;
  }

  @Override
  public int hash() {
    CharSequence value = terms.hashHeader().map(this::header).orElse(null);
    return value == null ? Long.hashCode(System.nanoTime()) : value.toString().hashCode();
  }

  /** Routes the request and begins the first attempt. */
  final void begin() {
    Terms snapshot = loop().snapshot();
    Route route = Head.route(request, snapshot.router(), this);
    if (route == null) {
      StatusCode status = Answers.noRouteStatus(snapshot.router());
      fail(Reason.NO_ROUTE, status, Answers.noRoute(this, snapshot.router()));
      return;
    }
    Cluster target = snapshot.clusters().get(route.cluster());
    if (target == null) {
      fail(Reason.NO_CLUSTER, StatusCode.UNAVAILABLE, Answers.noCluster(route));
      return;
    }
    begin(target, route);
  }

  /** Begins the first attempt on a given route. */
  final void begin(Cluster target, Route route) {
    terms = route.options();
    cluster = target;
    forwarded = Head.forwarded(request, client(), grpc);
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
      body.await(bytes);
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
  final void onDownstreamClosed() {
    if (!over) {
      over = true;
      trace.onEnd(Reason.CLIENT_LEFT, StatusCode.CANCELLED.code());
      release(false);
    }
  }

  @Override
  public void onLink(EndpointPool<UpstreamConnection> chosen, UpstreamConnection link) {
    up = link;
    cancel(patience);
    patience = null;
    Http2Headers headers =
        timeoutNanos > 0
            ? RequestHeaders.timed(forwarded, timeoutNanos, trace.spentNanos())
            : forwarded;
    List<ByteBuf> frames = body.frames();
    boolean bare = requestEnded && frames.isEmpty();
    HeadersWrite write = new HeadersWrite();
    Http2Stream stream = link.open(attempts.begin(headers, write), bare, write);
    if (stream == null) {
      onFailed(AttemptFailure.unopened(write.cause()));
      return;
    }
    attempts.opened(chosen);
    trace.onAttempt(link.address());
    link.attach(stream, this);
    link.charge(stream, memory());
    upStream = stream;
    if (!bare) {
      sendBody(frames);
    }
  }

  @Override
  public void onNoLink(String endpoint, String why, boolean again) {
    if (over) {
      return;
    }
    if (again) {
      attempts.add();
    }
    if (again && attempts.isLeft(terms.retry())) {
      find();
    } else {
      refuse(Reason.NO_CONNECTION, StatusCode.UNAVAILABLE, "no connection: " + why, endpoint);
    }
  }

  @Override
  public final void onResponseHeaders(Http2Headers headers, boolean end) {
    if (over) {
      return;
    }
    ResponseHeaders.Facts facts = Head.facts(headers, end);
    if (!answerBegan) {
      if (facts.malformed()) {
        fail(Reason.BAD_ANSWER, StatusCode.INTERNAL, ResponseHeaders.describe(headers));
        return;
      }
      if (facts.informational()) {
        return;
      }
      attempts.onHead(facts.trouble());
      if (end && grpc && mayAskAgain(headers)) {
        return;
      }
    }
    if (grpc && !answerBegan && facts.foreign()) {
      StatusCode meant = StatusCode.ofHttp(headers.status());
      fail(Reason.BAD_ANSWER, meant, ResponseHeaders.describe(headers));
      return;
    }
    if (grpc && end && !facts.hasStatus()) {
      fail(Reason.BAD_ANSWER, StatusCode.UNKNOWN, "the answer ended without a grpc-status");
      return;
    }
    answerBegan = true;
    body.forget();
    if (end) {
      over = true;
      trace.onEnd(Reason.ANSWERED, facts.status());
      endWith(headers);
      release(true);
    } else {
      plainStatus = grpc ? plainStatus : facts.status();
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
      fail(Reason.BAD_ANSWER, StatusCode.INTERNAL, "DATA before the headers of an answer");
      return bytes;
    }
    trace.onAnswerData(data, bytes);
    from.keep(stream, bytes);
    boolean last = end && !grpc;
    if (last) {
      over = true;
      trace.onEnd(Reason.ANSWERED, plainStatus);
      endWith(data, from, stream, bytes);
      release(true);
    } else {
      if (bytes > 0) {
        pass(data, from, stream, bytes);
      }
      if (end) {
        fail(Reason.BAD_ANSWER, StatusCode.UNKNOWN, "the answer ended without trailers");
      }
    }
    return 0;
  }

  @Override
  public final void onUpstreamReset(long code) {
    attempts.onReset(code);
  }

  @Override
  public final void onUpstreamFault(String why, boolean malformed) {
    attempts.onTrouble(why, malformed);
  }

  @Override
  public final void onUpstreamClosed(UpstreamConnection link, boolean untouched) {
    upStream = null;
    if (over) {
      attempts.ended();
    } else {
      onFailed(attempts.onClosed(link, untouched, request));
    }
  }

  @Override
  final void fail(Reason why, StatusCode status, String what) {
    refuse(why, status, what, up == null ? "none" : up.address());
  }

  private void find() {
    Cluster chosen = cluster;
    if (chosen != null && !over) {
      loop().local(chosen).find(this, SteadyEpoll.nanoTime());
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
    if (!answerBegan && body.isComplete() && attempts.mayFollow(failure, terms.retry(), meters)) {
      meters.retried();
      trace.onRetry(failure.status().code());
      find();
    } else if (!answerBegan && attempts.isUnprocessed()) {
      over = true;
      trace.onEnd(Reason.UPSTREAM_RESET, failure.status().code());
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
    long delay = body.isComplete() ? attempts.delayNanos(terms.retry(), request, answer, left) : -1;
    if (delay < 0 || !attempts.mayRepeat(loop().meters())) {
      return false;
    }
    loop().meters().retried();
    trace.onRetry(ResponseHeaders.status(answer));
    letGo(true);
    var unused = after(delay, this::find);
    return true;
  }

  private boolean startDeadline() {
    long nanos = RequestHeaders.timeoutNanos(request, terms);
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
    fail(Reason.NO_CONNECTION, StatusCode.UNAVAILABLE, Answers.noConnection(trouble));
  }

  private void onDeadline() {
    fail(Reason.DEADLINE, StatusCode.DEADLINE_EXCEEDED, Answers.deadline(timeoutNanos));
  }

  private void sendBody(List<ByteBuf> frames) {
    int bridged = body.takeAwaiting();
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
      to.send(stream, data, end, bridge(bytes));
    }
  }

  /** Ends the call without a reply: the caller resets the client's stream. */
  final void drop(StatusCode status) {
    if (!over) {
      end(Reason.LIMIT, status);
      release(false);
    }
  }

  private void end(Reason why, StatusCode status) {
    loop().meters().answered(status.name());
    trace.onEnd(why, status.code());
    over = true;
  }

  private void refuse(Reason why, StatusCode status, String what, String endpoint) {
    if (over) {
      return;
    }
    String message = Answers.message(what, trace.spentNanos(), endpoint, attempts.made());
    end(why, status);
    judge(why, attempts.made() > 0);
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
    int awaiting = body.takeAwaiting();
    if (awaiting > 0) {
      giveBack(awaiting);
    }
    letGo(ended);
  }

  private void letGo(boolean ended) {
    UpstreamConnection link = up;
    Http2Stream stream = upStream;
    if (link != null && stream != null) {
      upStream = null;
      link.detach(stream);
      attempts.ended();
      if (!ended || stream.state().localSideOpen()) {
        link.cancel(stream);
      }
    }
  }
}
