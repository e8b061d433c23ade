package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.EndpointPool;
import dev.holdfast.gateway.cluster.Waiter;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer: a stream of a client, and one after the other the streams of its
 * attempts. On the event loop of both.
 *
 * <p>It is over when the last frame for the client was handed on, or the client is gone. Until the
 * answer begins, an attempt that certainly was not processed is followed by another.
 */
final class Exchange implements RequestHead, Waiter<UpstreamConnection> {
  private static final long NO_RESET = -1;

  private final DownstreamConnection down;
  private final Http2Stream downStream;
  private final Http2Headers request;
  private final long beganNanos = System.nanoTime();
  private final boolean grpc;
  private final RequestBody body = new RequestBody();
  private RouteOptions terms = RouteOptions.DEFAULT;
  private @Nullable Cluster cluster;
  private @Nullable ScheduledFuture<?> deadline;
  private long timeoutNanos;
  private @Nullable Http2Headers requestTrailers;
  private boolean requestEnded;
  private int unbridgedBytes;

  // The attempt: the pool is its call's, the stream is there while it is open.
  private int attempts;
  private @Nullable EndpointPool<UpstreamConnection> pool;
  private @Nullable UpstreamConnection up;
  private @Nullable Http2Stream upStream;
  private @Nullable HeadersWrite written;
  private long resetCode = NO_RESET;
  private @Nullable String fault;

  private boolean answerBegan;
  private boolean over;

  Exchange(DownstreamConnection down, Http2Stream stream, Http2Headers request, boolean ended) {
    this.down = down;
    this.downStream = stream;
    this.request = request;
    this.requestEnded = ended;
    CharSequence type = request.get(Names.CONTENT_TYPE);
    this.grpc = type != null && Names.isGrpc(type);
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

  @Override
  public boolean isOver() {
    return over;
  }

  @Override
  public int hash() {
    CharSequence value = terms.hashHeader().map(this::header).orElse(null);
    return value == null ? Long.hashCode(beganNanos) : value.toString().hashCode();
  }

  /** Whether all of the request came. */
  boolean isRequestEnded() {
    return requestEnded;
  }

  /** Finds the way. */
  void begin() {
    Terms snapshot = down.loop().snapshot();
    Route route = snapshot.router().find(this);
    if (route == null) {
      refuse(
          StatusCode.UNIMPLEMENTED,
          "no route for "
              + path()
              + " with authority "
              + authority()
              + " (expected: "
              + snapshot.router().expectation(this)
              + ")");
      return;
    }
    terms = route.options();
    cluster = snapshot.clusters().get(route.cluster());
    if (cluster == null) {
      refuse(
          StatusCode.UNAVAILABLE, "route " + route.name() + " has no cluster " + route.cluster());
      return;
    }
    RequestHeaders.prepare(request, down.client(), grpc);
    if (startDeadline()) {
      find();
    }
  }

  /** DATA of the client; how many of its bytes are done with. */
  int onRequestData(ByteBuf data, int bytes, boolean end) {
    requestEnded |= end;
    if (over) {
      return bytes;
    }
    if (bytes > 0 && down.keep(bytes) > down.keptLimit()) {
      down.giveBack(downStream, bytes);
      down.loop().meters().met(MetLimit.CONNECTION_BYTES);
      fail(StatusCode.RESOURCE_EXHAUSTED, "too much of this connection waits for upstreams");
      return 0;
    }
    if (data.isReadable()) {
      body.keep(data);
    }
    if (upStream == null) {
      unbridgedBytes += bytes;
    } else if (bytes > 0 || end) {
      write(data.retain(), bytes, end && requestTrailers == null);
      body.onSent();
    }
    return 0;
  }

  void onRequestTrailers(Http2Headers trailers) {
    requestEnded = true;
    requestTrailers = trailers;
    if (upStream != null && up != null) {
      up.writeHeaders(upStream, trailers, true);
    }
  }

  /** The client reset the stream, its connection was lost, or all is done. */
  void onDownstreamClosed() {
    if (!over) {
      over = true;
      release(false);
    }
  }

  @Override
  public void onLink(EndpointPool<UpstreamConnection> chosen, UpstreamConnection link) {
    pool = chosen;
    up = link;
    attempts++;
    resetCode = NO_RESET;
    fault = null;
    if (timeoutNanos > 0) {
      RequestHeaders.timeout(request, timeoutNanos, System.nanoTime() - beganNanos);
    }
    List<ByteBuf> frames = body.frames();
    boolean bare = requestEnded && frames.isEmpty() && requestTrailers == null;
    HeadersWrite write = new HeadersWrite(link);
    written = write;
    Http2Stream stream = link.open(request, bare, write);
    if (stream == null) {
      pool = null;
      onFailed("no stream could be opened", StatusCode.UNAVAILABLE, true);
      return;
    }
    chosen.onCallBegan();
    link.attach(stream, this);
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
      attempts++;
    }
    if (again && attempts < terms.retry().attempts()) {
      find();
    } else {
      refuse(StatusCode.UNAVAILABLE, "no connection: " + why, endpoint);
    }
  }

  void onResponseHeaders(Http2Headers headers, boolean end) {
    if (over) {
      return;
    }
    if (!answerBegan && ResponseHeaders.isInformational(headers)) {
      return;
    }
    if (grpc && !answerBegan && ResponseHeaders.isForeign(headers, end)) {
      fail(
          StatusCode.ofHttp(headers.status()),
          "not a gRPC answer: " + ResponseHeaders.describe(headers));
      return;
    }
    if (grpc && end && !headers.contains(Names.GRPC_STATUS)) {
      fail(StatusCode.UNKNOWN, "the answer ended without a grpc-status");
      return;
    }
    answerBegan = true;
    body.forget();
    if (end) {
      finish(headers, true);
    } else {
      down.writeHeaders(downStream, headers, false);
    }
  }

  /** DATA of the upstream; how many of its bytes are done with. */
  int onResponseData(ByteBuf data, int bytes, boolean end) {
    UpstreamConnection from = up;
    Http2Stream stream = upStream;
    if (over || from == null || stream == null) {
      return bytes;
    }
    if (bytes > 0 && from.keep(bytes) > from.keptLimit()) {
      from.giveBack(stream, bytes);
      down.loop().meters().met(MetLimit.CONNECTION_BYTES);
      fail(
          StatusCode.RESOURCE_EXHAUSTED, "too much of the upstream's connection waits for clients");
      return 0;
    }
    boolean last = end && !grpc;
    if (last) {
      over = true;
      endDown(data.retain(), BridgedWrite.of(down, from, stream, bytes));
      release(true);
    } else {
      if (bytes > 0) {
        BridgedWrite write = BridgedWrite.of(down, from, stream, bytes);
        var unused =
            down.encoder()
                .writeData(down.context(), downStream.id(), data.retain(), 0, false, write);
        down.flushLater();
      }
      if (end) {
        fail(StatusCode.UNKNOWN, "the answer ended without trailers");
      }
    }
    return 0;
  }

  void onUpstreamReset(long code) {
    resetCode = code;
  }

  void onUpstreamFault(String why) {
    fault = why;
  }

  /** The stream of the attempt is closed, and not by us. */
  void onUpstreamClosed(UpstreamConnection link, boolean untouched) {
    upStream = null;
    endCall();
    if (over) {
      return;
    }
    boolean refused = resetCode == Http2Error.REFUSED_STREAM.code();
    boolean unsent = written == null || !written.isSuccess();
    if (resetCode != NO_RESET) {
      Http2Error error = Http2Error.valueOf(resetCode);
      String name = error == null ? Long.toString(resetCode) : error.name();
      onFailed("the upstream reset the stream: " + name, StatusCode.ofReset(resetCode), refused);
    } else if (untouched) {
      onFailed("the upstream left before it took the call", StatusCode.UNAVAILABLE, true);
    } else if (fault != null) {
      onFailed(fault, StatusCode.UNAVAILABLE, unsent);
    } else {
      onFailed("connection lost: " + link.fault(), StatusCode.UNAVAILABLE, unsent);
    }
  }

  /** Ends it with a status of our own, whatever it is doing. */
  void fail(StatusCode status, String what) {
    UpstreamConnection link = up;
    refuse(status, what, link == null ? "none" : link.address());
  }

  private void find() {
    Cluster chosen = cluster;
    if (chosen != null) {
      down.loop().local(chosen).find(this, System.nanoTime());
    }
  }

  /** An attempt failed. */
  private void onFailed(String what, StatusCode status, boolean unprocessed) {
    boolean mayRetry = unprocessed || terms.retry().idempotent();
    if (mayRetry && !answerBegan && body.isComplete() && attempts < terms.retry().attempts()) {
      down.loop().meters().retried();
      find();
    } else if (unprocessed && !answerBegan && resetCode == Http2Error.REFUSED_STREAM.code()) {
      // The client may try again as safely as we did.
      over = true;
      down.reset(downStream, Http2Error.REFUSED_STREAM.code());
      release(false);
    } else {
      fail(status, what);
    }
  }

  private boolean startDeadline() {
    CharSequence sent = request.get(Names.GRPC_TIMEOUT);
    long nanos = sent == null ? GrpcTimeout.NONE : GrpcTimeout.parse(sent);
    if (nanos == 0) {
      onDeadline();
      return false;
    }
    if (nanos == GrpcTimeout.NONE) {
      nanos = terms.deadline().toNanos();
    }
    long most = terms.maxDeadline().toNanos();
    if (most > 0 && (nanos == 0 || nanos > most)) {
      nanos = most;
    }
    timeoutNanos = nanos;
    if (nanos > 0) {
      deadline = down.context().executor().schedule(this::onDeadline, nanos, TimeUnit.NANOSECONDS);
    }
    return true;
  }

  private void onDeadline() {
    if (!over) {
      fail(
          StatusCode.DEADLINE_EXCEEDED,
          "deadline of " + GrpcTimeout.inSeconds(timeoutNanos) + " exceeded");
    }
  }

  private void sendBody(List<ByteBuf> frames) {
    int bridged = unbridgedBytes;
    unbridgedBytes = 0;
    boolean ends = requestEnded && requestTrailers == null;
    int last = frames.size() - 1;
    for (int i = 0; i <= last && upStream != null; i++) {
      write(frames.get(i).retainedDuplicate(), i == last ? bridged : 0, ends && i == last);
    }
    if (last < 0 && bridged > 0) {
      down.giveBack(downStream, bridged);
    }
    if (requestTrailers != null && up != null && upStream != null) {
      up.writeHeaders(upStream, requestTrailers, true);
    }
    body.onSent();
  }

  /** Hands a frame on; its bytes are given back when it is written. */
  private void write(ByteBuf data, int bytes, boolean end) {
    UpstreamConnection to = up;
    Http2Stream stream = upStream;
    if (to == null || stream == null) {
      data.release();
      down.giveBack(downStream, bytes);
      return;
    }
    BridgedWrite write = BridgedWrite.of(to, down, downStream, bytes);
    var unused = to.encoder().writeData(to.context(), stream.id(), data, 0, end, write);
    to.flushLater();
  }

  private void refuse(StatusCode status, String what) {
    refuse(status, what, "none");
  }

  private void refuse(StatusCode status, String what, String endpoint) {
    if (over) {
      return;
    }
    String message =
        "gateway: "
            + what
            + " after "
            + GrpcTimeout.inSeconds(System.nanoTime() - beganNanos)
            + " (upstream "
            + endpoint
            + ", attempt "
            + attempts
            + ")";
    down.loop().meters().answered(status.name());
    if (grpc) {
      finish(
          answerBegan ? Answers.trailers(status, message) : Answers.trailersOnly(status, message),
          false);
    } else if (answerBegan) {
      over = true;
      down.reset(downStream, Http2Error.INTERNAL_ERROR.code());
      release(false);
    } else {
      finishPlain(status, message);
    }
  }

  private void finishPlain(StatusCode status, String message) {
    over = true;
    ByteBuf text = ByteBufUtil.writeUtf8(down.context().alloc(), message);
    down.writeHeaders(downStream, Answers.plain(status, text.readableBytes()), false);
    endDown(text, down.context().newPromise());
    release(false);
  }

  /** The last frame for the client. */
  private void finish(Http2Headers trailers, boolean byUpstream) {
    over = true;
    ChannelPromise promise = down.context().newPromise();
    var unused =
        down.encoder()
            .writeHeaders(down.context(), downStream.id(), trailers, 0, true, toldToStop(promise));
    down.flushLater();
    release(byUpstream);
  }

  private void endDown(ByteBuf data, ChannelPromise promise) {
    var unused =
        down.encoder()
            .writeData(down.context(), downStream.id(), data, 0, true, toldToStop(promise));
    down.flushLater();
  }

  /** Who has its answer and still sends is told to stop, once the answer is out. */
  private ChannelPromise toldToStop(ChannelPromise promise) {
    return requestEnded ? promise : promise.addListener(this::stopRequest);
  }

  private void stopRequest(Future<? super Void> write) {
    if (write.isSuccess() && down.connection().stream(downStream.id()) != null) {
      down.reset(downStream, Http2Error.NO_ERROR.code());
    }
  }

  /**
   * Lets go of the upstream and of all that was kept.
   *
   * @param ended whether the upstream's side ended just now
   */
  private void release(boolean ended) {
    ScheduledFuture<?> timer = deadline;
    if (timer != null) {
      timer.cancel(false);
    }
    body.forget();
    if (unbridgedBytes > 0) {
      down.giveBack(downStream, unbridgedBytes);
      unbridgedBytes = 0;
    }
    UpstreamConnection link = up;
    Http2Stream stream = upStream;
    if (link != null && stream != null) {
      upStream = null;
      link.detach(stream);
      endCall();
      if (!ended || stream.state().localSideOpen()) {
        link.reset(stream, Http2Error.CANCEL.code());
      }
    }
  }

  private void endCall() {
    EndpointPool<UpstreamConnection> of = pool;
    if (of != null) {
      pool = null;
      of.onCallEnded();
    }
  }
}
