package dev.holdfast.gateway.traffic;

import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.socket.SteadyEpoll;
import dev.holdfast.transcoding.http.StatusCode;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/**
 * What one call did, from its headers to its end. On its event loop.
 *
 * <p>The first attempt is counted from the beginning of the call, as gRFC A66 has it: finding a
 * connection is a part of it.
 */
public final class CallTrace implements LongLived {
  private static final AsciiString NO_PATH = AsciiString.EMPTY_STRING;

  private final LoopTraffic loop;
  private final @Nullable MessageCount requestMessages;
  private final @Nullable MessageCount answerMessages;
  private Http2Headers request;
  private CharSequence client = AsciiString.EMPTY_STRING;
  private @Nullable CallSink sink;
  private final long beganNanos = SteadyEpoll.nanoTime();
  private LoopTraffic.@Nullable Methods methods;
  private @Nullable Route route;
  private @Nullable Cell cell;
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
  private @Nullable StatusCode status;
  private Reason reason = Reason.ANSWERED;

  CallTrace(LoopTraffic loop, Http2Headers request, boolean grpc) {
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

  /** For whom it is made, as upstreams hear it: addresses without their ports. */
  public void onClient(CharSequence forwardedFor) {
    client = forwardedFor;
  }

  /**
   * Where it goes.
   *
   * @param forwarded the headers that it goes on with
   */
  public void onRoute(Route found, Http2Headers forwarded) {
    route = found;
    request = forwarded;
    LoopTraffic.Methods there = loop.of(found);
    methods = there;
    Cell known = LoopTraffic.known(there, path());
    if (known != null) {
      count(known);
    }
  }

  /** It is sent to an endpoint. */
  public void onAttempt(String address) {
    endpoint = address;
    attempting = true;
    attempts++;
    if (attempts > 1) {
      attemptNanos = SteadyEpoll.nanoTime();
    }
    Cell counted = cell;
    if (counted == null) {
      startedAttempts++;
    } else {
      counted.attempt();
    }
  }

  /** An attempt ended, and another one will follow. */
  public void onRetry(StatusCode how) {
    if (attempting) {
      attempting = false;
      cell().attempts.record(how, SteadyEpoll.nanoTime() - attemptNanos, requestBytes, 0);
    }
  }

  /** DATA of the client. */
  public void onRequestData(ByteBuf data, int bytes) {
    requestBytes += bytes;
    MessageCount count = requestMessages;
    if (count != null) {
      count.add(data);
    }
  }

  /** The upstream began to answer. */
  public void onAnswer() {
    LoopTraffic.Methods there = methods;
    if (cell == null && there != null) {
      count(loop.answered(there, path()));
    }
    if (sink != null) {
      firstByteNanos = SteadyEpoll.nanoTime() - beganNanos;
    }
  }

  /** DATA for the client. */
  public void onAnswerData(ByteBuf data, int bytes) {
    answerBytes += bytes;
    MessageCount count = answerMessages;
    if (count != null) {
      count.add(data);
    }
  }

  /** It is over; only the first time counts. */
  public void onEnd(Reason why, StatusCode how) {
    if (status != null) {
      return;
    }
    status = how;
    reason = why;
    long nowNanos = SteadyEpoll.nanoTime();
    endNanos = nowNanos - beganNanos;
    Cell counted = cell();
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

  /** Another one hears of this call, if anybody does. */
  public void tell(CallSink hearer) {
    if (sink != null) {
      sink = hearer;
    }
  }

  @Override
  public void tellAfter(long nowNanos, long pauseNanos) {
    CallSink hearer = sink;
    if (hearer != null && nowNanos - toldNanos >= pauseNanos) {
      toldNanos = nowNanos;
      hearer.onCall(this);
    }
  }

  /** How long it took up to now. */
  public long spentNanos() {
    return endNanos >= 0 ? endNanos : System.nanoTime() - beganNanos;
  }

  public Http2Headers request() {
    return request;
  }

  /** The name of its route; "" without one. */
  public String route() {
    return route == null ? "" : route.name();
  }

  /** The name of its cluster; "" without one. */
  public String cluster() {
    return route == null ? "" : route.cluster();
  }

  /** Where it was sent last; "" for nowhere. */
  public String endpoint() {
    return endpoint;
  }

  public int attempts() {
    return attempts;
  }

  /** Whole messages of the client; -1 where they are not counted. */
  public long requestMessages() {
    return requestMessages == null ? -1 : requestMessages.messages();
  }

  /** Whole messages for the client; -1 where they are not counted. */
  public long answerMessages() {
    return answerMessages == null ? -1 : answerMessages.messages();
  }

  /** For whom it is made, as upstreams hear it; also when it does not get to one. */
  public CharSequence forwardedFor() {
    return client;
  }

  public long requestBytes() {
    return requestBytes;
  }

  public long answerBytes() {
    return answerBytes;
  }

  /** Up to the first of the answer; -1 for none, or when nobody hears of calls. */
  public long firstByteNanos() {
    return firstByteNanos;
  }

  /** How it ended; null while it goes on. */
  public @Nullable StatusCode status() {
    return status;
  }

  public Reason reason() {
    return reason;
  }

  private AsciiString path() {
    CharSequence path = request.path();
    return path == null ? NO_PATH : AsciiString.of(path);
  }

  /** The cell it counts in; from now on, if that was not known. */
  private Cell cell() {
    Cell known = cell;
    if (known != null) {
      return known;
    }
    Cell other = LoopTraffic.unanswered(methods, loop.nowhere());
    count(other);
    return other;
  }

  private void count(Cell found) {
    cell = found;
    found.start();
    for (; startedAttempts > 0; startedAttempts--) {
      found.attempt();
    }
  }
}
