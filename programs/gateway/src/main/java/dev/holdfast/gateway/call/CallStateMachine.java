package dev.holdfast.gateway.call;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.headers.ResponseHeaders.ResponseFacts;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The pure state machine of one routed call: its attempts one after the other, and its single end.
 *
 * <p>Guarantees:
 *
 * <ul>
 *   <li>a call ends once, and nothing follows its end;
 *   <li>there are at most as many attempts as the retry policy allows, failures to connect
 *       included;
 *   <li>an attempt that may have been processed is followed by another one only if the policy says
 *       so, and no attempt follows response headers that went to the client;
 *   <li>no attempt follows a request whose headers exceed the limit of the upstream;
 *   <li>REFUSED_STREAM reaches the client only if no attempt may have been processed;
 *   <li>each attempt is ended, each timer is stopped, and the kept request is freed.
 * </ul>
 *
 * <p>The states that follow each event (a dash: the event is ignored; {@link CallState} has the
 * states and refuses any other step):
 *
 * <pre>
 *                     ROUTING     CONNECTING       ATTEMPT             BACKOFF     RESPONDING  OVER
 * routed              CONNECTING* -                -                   -           -           -
 * connection          -           ATTEMPT**        -                   -           -           -
 * no connection       -           CONNECTING,OVER  -                   -           -           -
 * wait over           -           OVER             -                   -           -           -
 * response headers    -           -                RESPONDING,BACKOFF, -           same,OVER   -
 *                                                  OVER,same***
 * response DATA       -           -                OVER                -           same,OVER   -
 * attempt closed      -           -                CONNECTING,OVER     -           OVER        -
 * backoff over        -           -                -                   CONNECTING  -           -
 * deadline, refuse,   OVER        OVER             OVER                OVER        OVER        -
 * drop, client gone
 * </pre>
 *
 * <p>* OVER when the timeout is too short. ** As after a closed attempt when no stream could be
 * opened. *** The state stays after an informational response.
 *
 * <p>Time comes in as the duration of the call. Not thread-safe.
 *
 * @param <H> headers of a response
 * @param <D> DATA of a response
 */
@PureCore
class CallStateMachine<H, D> {
  private static final long NO_RESET = -1;

  private final CallEffects<H, D> effects;
  private final boolean grpc;
  private CallState state = CallState.ROUTING;
  private RetryPolicy retry = RetryPolicy.DEFAULT;

  /** The timeout of the call in nanoseconds; 0 for none. */
  private long timeoutNanos;

  private int attempts;

  /** The attempts that may have been processed. */
  private int processedAttempts;

  private int clientAttempts;
  private @Nullable Backoff backoff;

  /** The code of the current attempt's RST_STREAM, whose close follows. */
  private long resetCode = NO_RESET;

  /** The fault of the current attempt's stream, whose close follows; null for none. */
  private @Nullable String fault;

  private boolean malformed;

  /** The call status that the response headers amount to, for a response that is not gRPC. */
  private GrpcStatusCode plainStatus = GrpcStatusCode.UNKNOWN;

  CallStateMachine(CallEffects<H, D> effects, boolean grpc) {
    this.effects = effects;
    this.grpc = grpc;
  }

  CallState state() {
    return state;
  }

  /** Whether the request is one of gRPC. */
  final boolean isGrpc() {
    return grpc;
  }

  final boolean isOver() {
    return state == CallState.OVER;
  }

  /** Whether an attempt is open, so that DATA of the request is sent at once. */
  final boolean isAttemptOpen() {
    return state == CallState.ATTEMPT || state == CallState.RESPONDING;
  }

  /** Whether the call waits for a connection. */
  final boolean isConnecting() {
    return state == CallState.CONNECTING;
  }

  /** Whether trailers may be followed by another attempt: no part of the response was sent. */
  final boolean mayRetryAnswer() {
    return state == CallState.ATTEMPT;
  }

  /** Whether the duration of the call matters at its next event. */
  final boolean hasTimeout() {
    return timeoutNanos > 0;
  }

  /** The timeout of the call in nanoseconds; 0 for none. */
  final long timeoutNanos() {
    return timeoutNanos;
  }

  /** The number of attempts so far, failures to connect included. */
  final int attempts() {
    return attempts;
  }

  /**
   * The request has a route.
   *
   * @param timeout of the call in nanoseconds; 0 for none, or {@link GrpcTimeout#EXPIRED}
   * @param streamAge the longest duration of the call; zero for none
   */
  void onRouted(RetryPolicy policy, long timeout, Duration streamAge) {
    if (state != CallState.ROUTING) {
      return;
    }
    retry = policy;
    if (timeout == GrpcTimeout.EXPIRED) {
      onDeadline();
      return;
    }
    timeoutNanos = timeout;
    if (timeout > 0) {
      effects.startDeadline(timeout);
    }
    effects.startAge(streamAge);
    transitionTo(CallState.CONNECTING);
    find();
  }

  /**
   * There is a connection for the call.
   *
   * @param spentNanos the duration of the call; read only if it has a timeout
   */
  void onConnection(long spentNanos) {
    if (state != CallState.CONNECTING) {
      return;
    }
    effects.stopConnectionWait();
    attempts++;
    resetCode = NO_RESET;
    fault = null;
    AttemptFailure unopened =
        effects.openAttempt(
            processedAttempts == 0 ? 0 : clientAttempts + processedAttempts, spentNanos);
    if (unopened == null) {
      transitionTo(CallState.ATTEMPT);
      effects.sendHeldRequest();
    } else {
      onFailed(unopened, spentNanos);
    }
  }

  /**
   * There is no connection for the call.
   *
   * @param endpoint that was tried, or "none"
   * @param again whether the call may try another endpoint
   */
  void onNoConnection(String endpoint, String why, boolean again) {
    if (state != CallState.CONNECTING) {
      return;
    }
    if (again) {
      attempts++;
    }
    if (again && isAttemptLeft()) {
      find();
    } else {
      refuse(
          CallEndReason.NO_CONNECTION,
          LocalReplyStatus.UNAVAILABLE,
          "no connection: " + why,
          endpoint);
    }
  }

  /**
   * The time for finding a connection has passed.
   *
   * @param trouble the last failure of the cluster in words; "" for none
   */
  void onConnectionWaitOver(String trouble) {
    if (state == CallState.CONNECTING) {
      refuse(
          CallEndReason.NO_CONNECTION,
          LocalReplyStatus.UNAVAILABLE,
          LocalReplies.noConnection(trouble));
    }
  }

  /**
   * Headers or trailers of the response arrived.
   *
   * @param spentNanos the duration of the call; read only if it has a timeout and no response yet
   */
  void onResponseHeaders(H headers, ResponseFacts facts, boolean end, long spentNanos) {
    if (state == CallState.ATTEMPT) {
      if (!isResponse(headers, facts, end, spentNanos)) {
        return;
      }
    } else if (state != CallState.RESPONDING) {
      return;
    }
    if (grpc && end && !facts.hasStatus()) {
      refuse(
          CallEndReason.BAD_ANSWER,
          LocalReplyStatus.UNKNOWN,
          "the response ended without a grpc-status");
      return;
    }
    effects.freeRequest();
    if (end) {
      transitionTo(CallState.OVER);
      effects.recordEnd(CallEndReason.ANSWERED, facts.status());
      effects.forwardHeaders(headers, true);
      release(true);
    } else {
      transitionTo(CallState.RESPONDING);
      plainStatus = grpc ? plainStatus : facts.status();
      effects.forwardHeaders(headers, false);
    }
  }

  /**
   * DATA of the response arrived.
   *
   * @return whether the DATA was handed on, so that its window is given back later
   */
  boolean onResponseData(D data, int bytes, boolean end) {
    if (state == CallState.ATTEMPT) {
      refuse(
          CallEndReason.BAD_ANSWER,
          LocalReplyStatus.INTERNAL,
          "DATA before the headers of the response");
      return false;
    }
    if (state != CallState.RESPONDING) {
      return false;
    }
    effects.countData(data, bytes);
    if (end && !grpc) {
      transitionTo(CallState.OVER);
      effects.recordEnd(CallEndReason.ANSWERED, plainStatus);
      effects.forwardData(data, bytes, true);
      release(true);
      return true;
    }
    effects.forwardData(data, bytes, false);
    if (end) {
      refuse(
          CallEndReason.BAD_ANSWER,
          LocalReplyStatus.UNKNOWN,
          "the response ended without trailers");
    }
    return true;
  }

  /** The upstream reset the stream of the attempt, which closes next. */
  final void onAttemptReset(long code) {
    resetCode = code;
  }

  /**
   * The stream of the attempt failed in the gateway; the stream closes next.
   *
   * @param byAnswer whether the response is malformed
   */
  final void onAttemptFault(String what, boolean byAnswer) {
    fault = what;
    malformed = byAnswer;
  }

  /**
   * The stream of the attempt closed before its response ended, and not by the gateway.
   *
   * @param closeReason of the connection, for an attempt without a fault of its own
   * @param untouched whether the stream is above the last stream of a GOAWAY
   * @param unsent whether the request headers were certainly not sent
   * @param spentNanos the duration of the call; read only if it has a timeout
   */
  void onAttemptClosed(String closeReason, boolean untouched, boolean unsent, long spentNanos) {
    if (!isAttemptOpen()) {
      return;
    }
    AttemptFailure failure = failure(closeReason, untouched, unsent);
    effects.endFailedAttempt(failure);
    if (!failure.unprocessed()) {
      countProcessed();
    }
    onFailed(failure, spentNanos);
  }

  /** The delay before the next attempt has passed. */
  void onBackoffOver() {
    if (state == CallState.BACKOFF) {
      transitionTo(CallState.CONNECTING);
      find();
    }
  }

  /** The timeout of the call has passed. */
  void onDeadline() {
    refuse(
        CallEndReason.DEADLINE,
        LocalReplyStatus.DEADLINE_EXCEEDED,
        LocalReplies.deadline(timeoutNanos));
  }

  /** The client reset the stream, its connection was lost, or it has the response. */
  void onClientGone() {
    if (!isOver()) {
      transitionTo(CallState.OVER);
      effects.recordEnd(CallEndReason.CLIENT_LEFT, LocalReplyStatus.CANCELLED.code());
      release(false);
    }
  }

  /** The gateway ends the call without a reply. */
  void drop(LocalReplyStatus status) {
    if (!isOver()) {
      transitionTo(CallState.OVER);
      effects.endWithoutReply(CallEndReason.LIMIT, status);
      release(false);
    }
  }

  /** The gateway ends the call with a local reply, in any state. */
  void refuse(CallEndReason why, LocalReplyStatus status, String what) {
    if (!isOver()) {
      refuse(why, status, what, effects.endpoint());
    }
  }

  private void refuse(CallEndReason why, LocalReplyStatus status, String what, String endpoint) {
    boolean began = state == CallState.RESPONDING;
    transitionTo(CallState.OVER);
    effects.replyLocally(why, status, what, endpoint, began);
    release(false);
  }

  /**
   * Judges the first headers of an attempt.
   *
   * @return false when the state was changed, or another response follows
   */
  private boolean isResponse(H headers, ResponseFacts facts, boolean end, long spentNanos) {
    if (facts.malformed()) {
      refuse(CallEndReason.BAD_ANSWER, LocalReplyStatus.INTERNAL, effects.describe(headers));
      return false;
    }
    if (facts.informational()) {
      return false;
    }
    effects.reportAnswer(facts.endpointFault());
    if (grpc && end && retries(headers, facts, spentNanos)) {
      return false;
    }
    if (grpc && facts.notGrpc()) {
      effects.keepChallenge(headers);
      refuse(CallEndReason.BAD_ANSWER, effects.statusOfHttp(headers), effects.describe(headers));
      return false;
    }
    return true;
  }

  /** Schedules another attempt in place of a trailers-only response, if the policy asks for it. */
  private boolean retries(H headers, ResponseFacts facts, long spentNanos) {
    long delayNanos = effects.isRequestKept() ? delayNanos(headers, spentNanos) : RetryDelay.NONE;
    if (delayNanos == RetryDelay.NONE) {
      return false;
    }
    countProcessed();
    if (!effects.takeRetry(false)) {
      return false;
    }
    effects.recordRetry(facts.status());
    effects.endAttempt(true);
    transitionTo(CallState.BACKOFF);
    effects.startBackoff(delayNanos);
    return true;
  }

  private long delayNanos(H headers, long spentNanos) {
    CharSequence status = effects.grpcStatus(headers);
    if (status == null || !retry.retriesOnStatus()) {
      return RetryDelay.NONE;
    }
    Backoff delays = backoff;
    if (delays == null) {
      delays = effects.newBackoff();
      backoff = delays;
    }
    return RetryDelay.delayNanos(
        retry, attempts, status, effects.pushback(headers), leftNanos(spentNanos), delays);
  }

  /** The rest of the timeout; {@link Long#MAX_VALUE} without one. */
  long leftNanos(long spentNanos) {
    return timeoutNanos > 0 ? timeoutNanos - spentNanos : Long.MAX_VALUE;
  }

  private void onFailed(AttemptFailure failure, long spentNanos) {
    if (leftNanos(spentNanos) <= 0) {
      // The upstream looked at its clock before us.
      onDeadline();
    } else if (mayRetry(failure)) {
      effects.recordRetry(failure.status().code());
      transitionTo(CallState.CONNECTING);
      find();
    } else if (isRefused()) {
      transitionTo(CallState.OVER);
      effects.recordEnd(CallEndReason.UPSTREAM_RESET, failure.status().code());
      effects.refuseStream();
      release(false);
    } else {
      refuse(failure.why(), failure.status(), failure.what());
    }
  }

  /** Whether another attempt follows a failure; if so, the retry budget is charged. */
  private boolean mayRetry(AttemptFailure failure) {
    return !hasBegun()
        && !failure.isPermanent()
        && effects.isRequestKept()
        && isAttemptLeft()
        && isRepeatable(failure)
        && effects.takeRetry(failure.unprocessed());
  }

  /** Whether response headers were sent to the client. */
  boolean hasBegun() {
    return state == CallState.RESPONDING;
  }

  /** Whether the retry policy allows another attempt. */
  boolean isAttemptLeft() {
    return attempts < retry.attempts();
  }

  /** Whether the request may be sent again although this attempt may have been processed. */
  boolean isRepeatable(AttemptFailure failure) {
    return failure.unprocessed() || retry.idempotent();
  }

  /**
   * Whether the endpoint refused the attempt, and no earlier attempt may have been processed. A
   * client that learns this may retry even a call that is not idempotent.
   */
  private boolean isRefused() {
    return !hasBegun() && resetCode == AttemptFailure.REFUSED_STREAM && mayTellRefused();
  }

  /** Whether no attempt may have been processed. */
  boolean mayTellRefused() {
    return processedAttempts == 0;
  }

  private AttemptFailure failure(String closeReason, boolean untouched, boolean unsent) {
    if (resetCode != NO_RESET) {
      return AttemptFailure.ofReset(resetCode);
    } else if (untouched) {
      return AttemptFailure.LEFT_BEFORE;
    }
    String what = fault;
    if (what == null) {
      return AttemptFailure.ofLoss(closeReason, unsent);
    }
    return malformed
        ? AttemptFailure.ofMalformed(what, unsent)
        : AttemptFailure.ofFault(what, unsent);
  }

  /** Counts an attempt that may have been processed. */
  private void countProcessed() {
    if (processedAttempts == 0) {
      clientAttempts = effects.clientAttempts();
    }
    processedAttempts++;
  }

  private void find() {
    effects.findEndpoint();
    if (state == CallState.CONNECTING) {
      effects.startConnectionWait();
    }
  }

  /**
   * Releases the upstream stream, the timers and the kept request.
   *
   * @param complete whether the response of the current attempt is complete
   */
  private void release(boolean complete) {
    effects.stopTimers();
    effects.freeRequest();
    effects.endAttempt(complete);
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
