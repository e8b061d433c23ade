package dev.holdfast.gateway.http2;

import dev.holdfast.core.Backoff;
import dev.holdfast.gateway.cluster.EndpointFault;
import dev.holdfast.gateway.cluster.EndpointPool;
import dev.holdfast.gateway.cluster.RetryBudget;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.route.RetryPolicy;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** The attempts of one call: how many, at whose endpoint the present one is, how each ended. */
final class Attempts {
  private static final Backoff.Options PAUSES =
      new Backoff.Options(Duration.ofMillis(50), Duration.ofSeconds(1));

  private static final long NO_RESET = -1;

  private int made;
  private int seen;
  private int seenBefore;
  private @Nullable Backoff backoff;
  private @Nullable EndpointPool<UpstreamConnection> pool;
  private @Nullable RetryBudget budget;
  private @Nullable HeadersWrite written;
  private long resetCode = NO_RESET;
  private @Nullable String trouble;
  private boolean malformed;

  /** Those so far, failures to connect included. */
  int made() {
    return made;
  }

  /** Whether another is allowed. */
  boolean isLeft(RetryPolicy policy) {
    return made < policy.attempts();
  }

  /** One more, which did not get as far as its endpoint. */
  void add() {
    made++;
  }

  /** One more is about to be sent with these headers, or with those that are given back. */
  Http2Headers begin(Http2Headers headers, HeadersWrite write) {
    made++;
    written = write;
    resetCode = NO_RESET;
    trouble = null;
    if (seen == 0) {
      return headers;
    }
    // The endpoint learns how many may have been processed.
    Http2Headers counted = Head.own(headers);
    counted.set(Names.PREVIOUS_ATTEMPTS, AsciiString.of(Integer.toString(seenBefore + seen)));
    return counted;
  }

  /** It is with this endpoint. */
  void opened(EndpointPool<UpstreamConnection> at) {
    pool = at;
    at.onCallBegan();
    if (budget == null) {
      budget = at.retries();
      budget.onCall();
    }
  }

  /**
   * The first headers of its answer came.
   *
   * @param trouble what speaks against its endpoint; "" for nothing
   */
  void onHead(String trouble) {
    EndpointPool<UpstreamConnection> of = pool;
    if (of == null) {
      return;
    }
    if (trouble.isEmpty()) {
      of.onAnswered();
    } else {
      of.onFault(EndpointFault.UNAVAILABLE, trouble);
    }
  }

  /** Its endpoint reset the stream, which closes next. */
  void onReset(long code) {
    resetCode = code;
  }

  /**
   * Its stream failed, and closes next.
   *
   * @param byAnswer whether because the answer is malformed
   */
  void onTrouble(String what, boolean byAnswer) {
    trouble = what;
    malformed = byAnswer;
  }

  /**
   * Whether its endpoint refused it, and none before it may have processed the call: who is told so
   * calls again, also what must not be done twice.
   */
  boolean isUnprocessed() {
    return resetCode == Http2Error.REFUSED_STREAM.code() && seen == 0;
  }

  /** Its stream is closed before its answer ended, and not by us; how it failed. */
  AttemptFailure onClosed(UpstreamConnection link, boolean untouched, Http2Headers request) {
    AttemptFailure failure = failure(link, untouched);
    EndpointPool<UpstreamConnection> of = pool;
    EndpointFault fault = failure.fault();
    if (of != null && fault == EndpointFault.LOST) {
      of.onLost(link, failure.what());
    } else if (of != null && fault != null) {
      of.onFault(fault, failure.what());
    }
    ended();
    if (!failure.unprocessed()) {
      countSeen(request);
    }
    return failure;
  }

  private AttemptFailure failure(UpstreamConnection link, boolean untouched) {
    if (resetCode != NO_RESET) {
      return AttemptFailure.ofReset(resetCode);
    } else if (untouched) {
      return AttemptFailure.LEFT_BEFORE;
    }
    boolean unsent = written == null || !written.isSuccess();
    String what = trouble;
    if (what == null) {
      return AttemptFailure.ofLoss(link.fault(), unsent);
    }
    return malformed
        ? AttemptFailure.ofMalformed(what, unsent)
        : AttemptFailure.ofFault(what, unsent);
  }

  /** Whether the one that failed so is followed by another, which then counts for its cluster. */
  boolean mayFollow(AttemptFailure failure, RetryPolicy policy, GatewayMeters meters) {
    if (!isLeft(policy) || !(failure.unprocessed() || policy.idempotent())) {
      return false;
    }
    RetryBudget of = budget;
    boolean may = of == null || (failure.unprocessed() ? of.mayResend() : of.mayRepeat());
    if (!may) {
      meters.met(MetLimit.RETRIES);
    }
    return may;
  }

  /** Whether one that was answered may be followed by another, which then counts likewise. */
  boolean mayRepeat(GatewayMeters meters) {
    RetryBudget of = budget;
    boolean may = of == null || of.mayRepeat();
    if (!may) {
      meters.met(MetLimit.RETRIES);
    }
    return may;
  }

  /** How long to wait before the next one after an answer without a message, or none. */
  long delayNanos(RetryPolicy policy, Http2Headers request, Http2Headers answer, long leftNanos) {
    CharSequence status = answer.get(Names.GRPC_STATUS);
    if (status == null || !policy.looksAtAnswers()) {
      return RetryDecision.NONE;
    }
    Backoff pauses = backoff;
    if (pauses == null) {
      pauses = new Backoff(PAUSES, ThreadLocalRandom.current());
      backoff = pauses;
    }
    CharSequence pushback = answer.get(Names.RETRY_PUSHBACK);
    long delay = RetryDecision.delayNanos(policy, made, status, pushback, leftNanos, pauses);
    if (delay != RetryDecision.NONE) {
      countSeen(request);
    }
    return delay;
  }

  /** It is with no endpoint any more. */
  void ended() {
    EndpointPool<UpstreamConnection> of = pool;
    if (of != null) {
      pool = null;
      of.onCallEnded();
    }
  }

  /** The client may have tried before us. */
  private void countSeen(Http2Headers request) {
    if (seen == 0) {
      CharSequence before = request.get(Names.PREVIOUS_ATTEMPTS);
      seenBefore = before == null ? 0 : Math.max(0, RetryDecision.number(before));
    }
    seen++;
  }
}
