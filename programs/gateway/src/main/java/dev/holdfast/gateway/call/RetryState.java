package dev.holdfast.gateway.call;

import dev.holdfast.core.Backoff;
import dev.holdfast.gateway.cluster.ConnectionPool;
import dev.holdfast.gateway.cluster.EndpointFault;
import dev.holdfast.gateway.cluster.RetryBudget;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.http2.codec.HeadersWrite;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one call: their number, the endpoint of the current one, and the outcome of each.
 * Confined to the call's event loop.
 */
final class RetryState {
  private static final Backoff.BackoffOptions PAUSES =
      new Backoff.BackoffOptions(Duration.ofMillis(50), Duration.ofSeconds(1));

  private static final long NO_RESET = -1;

  private int made;
  private int seen;
  private int seenBefore;
  private @Nullable Backoff backoff;
  private @Nullable ConnectionPool<UpstreamConnection> pool;
  private @Nullable RetryBudget budget;
  private @Nullable HeadersWrite written;
  private long resetCode = NO_RESET;
  private @Nullable String trouble;
  private boolean malformed;

  /** The number of attempts so far, failures to connect included. */
  int made() {
    return made;
  }

  /** Whether the retry policy allows another attempt. */
  boolean isLeft(RetryPolicy policy) {
    return made < policy.attempts();
  }

  /** Counts an attempt that did not reach an endpoint. */
  void add() {
    made++;
  }

  /**
   * Begins an attempt that is about to be sent.
   *
   * @param headers of the request
   * @return the headers to send: the same, or a copy with grpc-previous-rpc-attempts
   */
  Http2Headers begin(Http2Headers headers, HeadersWrite write) {
    made++;
    written = write;
    resetCode = NO_RESET;
    trouble = null;
    if (seen == 0) {
      return headers;
    }
    // The endpoint learns how many may have been processed.
    Http2Headers counted = ReceivedHeaders.copyIfCached(headers);
    counted.set(HeaderNames.PREVIOUS_ATTEMPTS, AsciiString.of(Integer.toString(seenBefore + seen)));
    return counted;
  }

  /** Records the endpoint of the current attempt. */
  void opened(ConnectionPool<UpstreamConnection> at) {
    pool = at;
    at.onCallBegan();
    if (budget == null) {
      budget = at.retries();
      budget.onCall();
    }
  }

  /**
   * Records the first headers of the attempt's response.
   *
   * @param trouble a fault of the endpoint in words; "" for none
   */
  void onHead(String trouble) {
    ConnectionPool<UpstreamConnection> of = pool;
    if (of == null) {
      return;
    }
    if (trouble.isEmpty()) {
      of.onAnswered();
    } else {
      of.onFault(EndpointFault.UNAVAILABLE, trouble);
    }
  }

  /** Records that the endpoint reset the stream, which closes next. */
  void onReset(long code) {
    resetCode = code;
  }

  /**
   * Records that the stream failed; it closes next.
   *
   * @param byAnswer whether the response is malformed
   */
  void onTrouble(String what, boolean byAnswer) {
    trouble = what;
    malformed = byAnswer;
  }

  /**
   * Whether the endpoint refused the attempt, and no earlier attempt may have been processed. A
   * client that learns this may retry even a call that is not idempotent.
   */
  boolean isUnprocessed() {
    return resetCode == Http2Error.REFUSED_STREAM.code() && seen == 0;
  }

  /**
   * Records that the stream closed before its response ended, and not by the gateway.
   *
   * @param untouched whether the stream is above the last stream of a GOAWAY
   * @return the failure of the attempt
   */
  AttemptFailure onClosed(UpstreamConnection connection, boolean untouched, Http2Headers request) {
    AttemptFailure failure = failure(connection, untouched);
    ConnectionPool<UpstreamConnection> of = pool;
    EndpointFault fault = failure.fault();
    if (of != null && fault == EndpointFault.LOST) {
      of.onLost(connection, failure.what());
    } else if (of != null && fault != null) {
      of.onFault(fault, failure.what());
    }
    ended();
    if (!failure.unprocessed()) {
      countSeen(request);
    }
    return failure;
  }

  private AttemptFailure failure(UpstreamConnection connection, boolean untouched) {
    if (resetCode != NO_RESET) {
      return AttemptFailure.ofReset(resetCode);
    } else if (untouched) {
      return AttemptFailure.LEFT_BEFORE;
    }
    boolean unsent = written == null || !written.isSuccess();
    String what = trouble;
    if (what == null) {
      return AttemptFailure.ofLoss(connection.closeReason(), unsent);
    }
    return malformed
        ? AttemptFailure.ofMalformed(what, unsent)
        : AttemptFailure.ofFault(what, unsent);
  }

  /** Whether another attempt follows this failure; if so, it is charged to the retry budget. */
  boolean mayFollow(AttemptFailure failure, RetryPolicy policy, GatewayMeters meters) {
    if (!isLeft(policy) || !(failure.unprocessed() || policy.idempotent())) {
      return false;
    }
    RetryBudget of = budget;
    boolean may = of == null || (failure.unprocessed() ? of.tryTransparentRetry() : of.tryRetry());
    if (!may) {
      meters.met(MetLimit.RETRIES);
    }
    return may;
  }

  /** Whether another attempt may follow a response; if so, it is charged to the retry budget. */
  boolean mayRepeat(GatewayMeters meters) {
    RetryBudget of = budget;
    boolean may = of == null || of.tryRetry();
    if (!may) {
      meters.met(MetLimit.RETRIES);
    }
    return may;
  }

  /**
   * The delay before the next attempt after a trailers-only response, in nanoseconds; {@link
   * RetryDelay#NONE} for no attempt.
   */
  long delayNanos(RetryPolicy policy, Http2Headers request, Http2Headers answer, long leftNanos) {
    CharSequence status = answer.get(HeaderNames.GRPC_STATUS);
    if (status == null || !policy.retriesOnStatus()) {
      return RetryDelay.NONE;
    }
    Backoff pauses = backoff;
    if (pauses == null) {
      pauses = new Backoff(PAUSES, ThreadLocalRandom.current());
      backoff = pauses;
    }
    CharSequence pushback = answer.get(HeaderNames.RETRY_PUSHBACK);
    long delay = RetryDelay.delayNanos(policy, made, status, pushback, leftNanos, pauses);
    if (delay != RetryDelay.NONE) {
      countSeen(request);
    }
    return delay;
  }

  /** Ends the current attempt at its endpoint. */
  void ended() {
    ConnectionPool<UpstreamConnection> of = pool;
    if (of != null) {
      pool = null;
      of.onCallEnded();
    }
  }

  /**
   * Counts an attempt that may have been processed; the client itself may have made some before.
   */
  private void countSeen(Http2Headers request) {
    if (seen == 0) {
      CharSequence before = request.get(HeaderNames.PREVIOUS_ATTEMPTS);
      seenBefore = before == null ? 0 : Math.max(0, RetryDelay.number(before));
    }
    seen++;
  }
}
