package dev.holdfast.gateway.access;

import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.traffic.CallRecord;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An access-log entry of one call or web request, written as a line of JSON. Of the headers it
 * holds only those that identify a call. The query of the path is cut off, because it may hold
 * secrets.
 */
final class AccessLogEntry implements LogEntry {
  @Limit(of = "characters of one value in the log of calls", then = "the rest of it is cut off")
  static final int MAX_VALUE_CHARS = 1_024;

  static final double NANOS_PER_MILLI = 1e6;

  private final long timeMillis = System.currentTimeMillis();
  private final @Nullable CallNumbers call;
  private final int httpStatus;
  private final TransferredBytes transferredBytes;
  private final long totalNanos;
  private final String verb;
  private final CharSequence path;
  private final CharSequence authority;
  private final CharSequence forwardedFor;
  private final CharSequence requestId;
  private final CharSequence traceparent;

  /**
   * The body sizes of a call in bytes.
   *
   * @param request of the request body
   * @param answer of the response body
   */
  record TransferredBytes(long request, long answer) {}

  /** A snapshot of a call's counters and outcome when the entry is made. */
  private record CallNumbers(
      CallRecord of,
      CharSequence called,
      @Nullable GrpcStatusCode status,
      String endpoint,
      int attempts,
      long firstNanos,
      Messages messages) {
    static CallNumbers of(CallRecord call) {
      return new CallNumbers(
          call,
          text(call.request().path()),
          call.status(),
          call.endpoint(),
          call.attempts(),
          call.firstByteNanos(),
          new Messages(call.requestMessages(), call.answerMessages()));
    }
  }

  /** Message counts of the request and of the response; -1 where messages are not counted. */
  private record Messages(long request, long answer) {}

  private AccessLogEntry(
      Http2Headers request,
      CharSequence forwardedFor,
      @Nullable CallNumbers call,
      int httpStatus,
      TransferredBytes transferredBytes,
      long totalNanos) {
    this.call = call;
    this.httpStatus = httpStatus;
    this.transferredBytes = transferredBytes;
    this.totalNanos = totalNanos;
    this.verb = text(request.method()).toString();
    this.path = withoutQuery(text(request.path()));
    this.authority = text(request.authority());
    this.forwardedFor = text(forwardedFor);
    this.requestId = text(request.get("x-request-id"));
    this.traceparent = text(request.get("traceparent"));
  }

  /** The entry of a gRPC call. */
  static AccessLogEntry of(CallRecord call) {
    TransferredBytes transferredBytes =
        new TransferredBytes(call.requestBytes(), call.answerBytes());
    return new AccessLogEntry(
        call.request(),
        call.forwardedFor(),
        CallNumbers.of(call),
        0,
        transferredBytes,
        call.spentNanos());
  }

  /**
   * The entry of a request to a frontend.
   *
   * @param call the gRPC call that the request was translated to; null if none was made
   */
  static AccessLogEntry of(
      HttpExchange web,
      @Nullable CallRecord call,
      int httpStatus,
      TransferredBytes transferredBytes,
      long nanos) {
    CallNumbers callNumbers = call == null ? null : CallNumbers.of(call);
    CharSequence client = web.clientIdentity().forwardedFor(web.headers());
    return new AccessLogEntry(
        web.headers(), client, callNumbers, httpStatus, transferredBytes, nanos);
  }

  @Override
  public String line() {
    JsonTextWriter out =
        new JsonTextWriter().object().with("time", Instant.ofEpochMilli(timeMillis).toString());
    out.with("method", path);
    if (httpStatus > 0) {
      out.with("verb", verb).with("http", httpStatus);
    }
    out.withAny("authority", authority);
    CallNumbers known = call;
    if (known == null) {
      out.with("reason", "http");
    } else {
      write(known, out);
    }
    out.with("requestBytes", transferredBytes.request())
        .with("answerBytes", transferredBytes.answer());
    out.with("totalMillis", totalNanos / NANOS_PER_MILLI).withAny("forwardedFor", forwardedFor);
    out.withAny("requestId", requestId).withAny("traceparent", traceparent);
    return out.endObject().toString();
  }

  private void write(CallNumbers known, JsonTextWriter out) {
    if (!known.called.toString().contentEquals(path)) {
      out.withAny("call", withoutQuery(known.called));
    }
    out.withAny("route", known.of.route()).withAny("cluster", known.of.cluster());
    GrpcStatusCode status = known.status;
    if (status == null) {
      out.with("ongoing", true);
    } else {
      out.with("grpc", status.name()).with("reason", known.of.callEndReason().text());
    }
    out.withAny("endpoint", known.endpoint).with("attempts", known.attempts);
    if (known.messages.request >= 0) {
      out.with("requestMessages", known.messages.request);
      out.with("answerMessages", known.messages.answer);
    }
    if (known.firstNanos >= 0) {
      out.with("firstByteMillis", known.firstNanos / NANOS_PER_MILLI);
    }
  }

  private static CharSequence text(@Nullable CharSequence value) {
    if (value == null) {
      return "";
    }
    return value.length() <= MAX_VALUE_CHARS ? value : value.subSequence(0, MAX_VALUE_CHARS);
  }

  private static CharSequence withoutQuery(CharSequence path) {
    for (int i = 0; i < path.length(); i++) {
      if (path.charAt(i) == '?') {
        return path.subSequence(0, i);
      }
    }
    return path;
  }
}
