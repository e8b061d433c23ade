package dev.holdfast.gateway.traffic;

import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/**
 * The record of one call from its headers to its end: times, bytes, attempts and status. Confined
 * to its event loop.
 *
 * <p>The first attempt is measured from the beginning of the call, as gRFC A66 defines it: finding
 * a connection is part of the attempt.
 */
public final class CallRecord implements LongLived {
  private static final AsciiString NO_PATH = AsciiString.EMPTY_STRING;

  private final LoopCallStatistics loop;
  private final @Nullable MessageCount requestMessages;
  private final @Nullable MessageCount answerMessages;
  private Http2Headers request;
  private CharSequence client = AsciiString.EMPTY_STRING;
  private @Nullable CallSink sink;
  private final long beganNanos = GatewayEpollIoHandler.nanoTime();
  private LoopCallStatistics.@Nullable RouteCounters routeCounters;
  private @Nullable Route route;
  private @Nullable CallCounters callCounters;
  private String endpoint = "";
  private int attempts;
  private boolean attempting;
  private int startedAttempts;
  private long attemptNanos = beganNanos;
  private long requestBytes;
  private long answerBytes;
  private long firstByteNanos = -1;
  private long endNanos = -1;
  private long toldNanos = beganNanos;
  private @Nullable GrpcStatusCode status;
  private CallEndReason callEndReason = CallEndReason.ANSWERED;

  CallRecord(LoopCallStatistics loop, Http2Headers request, boolean grpc) {
    this.loop = loop;
    this.request = request;
    this.sink = loop.sink();
    boolean counts = sink != null && grpc;
    this.requestMessages = counts ? new MessageCount() : null;
    this.answerMessages = counts ? new MessageCount() : null;
    if (sink != null) {
      loop.watch(this);
    }
  }

  /** Records the client of the call, as upstreams see it: addresses without their ports. */
  public void onClient(CharSequence forwardedFor) {
    client = forwardedFor;
  }

  /**
   * Records the route of the call.
   *
   * @param forwarded the request headers that go upstream
   */
  public void onRoute(Route found, Http2Headers forwarded) {
    route = found;
    request = forwarded;
    LoopCallStatistics.RouteCounters there = loop.of(found);
    routeCounters = there;
    CallCounters known = LoopCallStatistics.known(there, path());
    if (known != null) {
      count(known);
    }
  }

  /** Records an attempt at an endpoint. */
  public void onAttempt(String address) {
    endpoint = address;
    attempting = true;
    attempts++;
    if (attempts > 1) {
      attemptNanos = GatewayEpollIoHandler.nanoTime();
    }
    CallCounters counted = callCounters;
    if (counted == null) {
      startedAttempts++;
    } else {
      counted.attempt();
    }
  }

  /** Records the end of an attempt that will be retried. */
  public void onRetry(GrpcStatusCode how) {
    if (attempting) {
      attempting = false;
      callCounters()
          .attempts
          .record(how, GatewayEpollIoHandler.nanoTime() - attemptNanos, requestBytes, 0);
    }
  }

  /** Counts DATA from the client. */
  public void onRequestData(ByteBuf data, int bytes) {
    requestBytes += bytes;
    MessageCount count = requestMessages;
    if (count != null) {
      count.add(data);
    }
  }

  /** Records the first headers of the response. */
  public void onAnswer() {
    LoopCallStatistics.RouteCounters there = routeCounters;
    if (callCounters == null && there != null) {
      count(loop.answered(there, path()));
    }
    if (sink != null) {
      firstByteNanos = GatewayEpollIoHandler.nanoTime() - beganNanos;
    }
  }

  /** Counts DATA for the client. */
  public void onAnswerData(ByteBuf data, int bytes) {
    answerBytes += bytes;
    MessageCount count = answerMessages;
    if (count != null) {
      count.add(data);
    }
  }

  /** Records the end of the call; only the first call of this method counts. */
  public void onEnd(CallEndReason why, GrpcStatusCode how) {
    if (status != null) {
      return;
    }
    status = how;
    callEndReason = why;
    long nowNanos = GatewayEpollIoHandler.nanoTime();
    endNanos = nowNanos - beganNanos;
    CallCounters counted = callCounters();
    if (attempting && attempts == 1) {
      counted.plain.record(how, endNanos, requestBytes, answerBytes);
    } else {
      counted.calls.record(how, endNanos, requestBytes, answerBytes);
      if (attempting) {
        counted.attempts.record(how, nowNanos - attemptNanos, requestBytes, answerBytes);
      }
    }
    CallSink hearer = sink;
    if (hearer != null) {
      loop.unwatch(this);
      hearer.onCall(this);
    }
  }

  /** Replaces the sink that is told of this call, if there is one. */
  public void setSink(CallSink hearer) {
    if (sink != null) {
      sink = hearer;
    }
  }

  @Override
  public void reportAfter(long nowNanos, long pauseNanos) {
    CallSink hearer = sink;
    if (hearer != null && nowNanos - toldNanos >= pauseNanos) {
      toldNanos = nowNanos;
      hearer.onCall(this);
    }
  }

  /** The duration of the call up to now or to its end, in nanoseconds. */
  public long spentNanos() {
    return endNanos >= 0 ? endNanos : System.nanoTime() - beganNanos;
  }

  public Http2Headers request() {
    return request;
  }

  /** The name of the call's route; "" without one. */
  public String route() {
    return route == null ? "" : route.name();
  }

  /** The name of the call's cluster; "" without one. */
  public String cluster() {
    return route == null ? "" : route.cluster();
  }

  /** The endpoint of the last attempt; "" for none. */
  public String endpoint() {
    return endpoint;
  }

  public int attempts() {
    return attempts;
  }

  /** Whole messages from the client; -1 where they are not counted. */
  public long requestMessages() {
    return requestMessages == null ? -1 : requestMessages.messages();
  }

  /** Whole messages for the client; -1 where they are not counted. */
  public long answerMessages() {
    return answerMessages == null ? -1 : answerMessages.messages();
  }

  /** The client of the call, as upstreams see it; also set for calls that reach no upstream. */
  public CharSequence forwardedFor() {
    return client;
  }

  public long requestBytes() {
    return requestBytes;
  }

  public long answerBytes() {
    return answerBytes;
  }

  /**
   * The time to the first headers of the response, in nanoseconds; -1 for none, or without a sink.
   */
  public long firstByteNanos() {
    return firstByteNanos;
  }

  /** The status of the call; null while it is open. */
  public @Nullable GrpcStatusCode status() {
    return status;
  }

  public CallEndReason callEndReason() {
    return callEndReason;
  }

  private AsciiString path() {
    CharSequence path = request.path();
    return path == null ? NO_PATH : AsciiString.of(path);
  }

  /**
   * The cell that counts this call. If the call has none yet, it is counted as unanswered from now
   * on.
   */
  private CallCounters callCounters() {
    CallCounters known = callCounters;
    if (known != null) {
      return known;
    }
    CallCounters other = LoopCallStatistics.unanswered(routeCounters, loop.nowhere());
    count(other);
    return other;
  }

  private void count(CallCounters found) {
    callCounters = found;
    found.start();
    for (; startedAttempts > 0; startedAttempts--) {
      found.attempt();
    }
  }
}
