package dev.holdfast.gateway.call;

import dev.holdfast.core.Backoff;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The effects of a {@link CallStateMachine}: streams, timers, counters and the client. Called on
 * the event loop of the call. An effect may report an event to the machine before it returns.
 *
 * @param <H> headers of a response
 * @param <D> DATA of a response
 */
interface CallEffects<H, D> {
  /** Starts the timer of the call's timeout, which reports {@link CallStateMachine#onDeadline}. */
  void startDeadline(long nanos);

  /** Starts the timer of the longest duration of the call; zero for none. */
  void startAge(Duration longest);

  /**
   * Starts the timer of the wait for a connection, unless it runs. The timer reports {@link
   * CallStateMachine#onConnectionWaitOver}.
   */
  void startConnectionWait();

  /** Stops the timer of the wait for a connection. */
  void stopConnectionWait();

  /** Starts the delay before an attempt, which reports {@link CallStateMachine#onBackoffOver}. */
  void startBackoff(long nanos);

  /** Stops all timers but the delay before an attempt, which finds the call over. */
  void stopTimers();

  /**
   * Looks for a connection, and reports {@link CallStateMachine#onConnection} or {@link
   * CallStateMachine#onNoConnection}.
   */
  void findEndpoint();

  /**
   * Opens a stream on the connection that was found, and sends the request headers.
   *
   * @param earlierAttempts the attempts that may have been processed, those of the client included
   * @param spentNanos the duration of the call so far
   * @return the failure when no stream could be opened; else null
   */
  @Nullable AttemptFailure openAttempt(int earlierAttempts, long spentNanos);

  /** Sends the part of the request that was received before the attempt. */
  void sendHeldRequest();

  /**
   * Reports the first headers of a response to the endpoint's health.
   *
   * @param fault of the endpoint in words; "" for none
   */
  void reportAnswer(String fault);

  /** Ends an attempt whose stream closed, and reports its failure to the endpoint's health. */
  void endFailedAttempt(AttemptFailure failure);

  /**
   * Ends the attempt whose stream is open; without one nothing happens.
   *
   * @param complete whether its response is complete; otherwise the stream is cancelled
   */
  void endAttempt(boolean complete);

  /** Whether the request is kept as a whole, so that it can be sent again. */
  boolean isRequestKept();

  /** Frees the kept request, which is not sent again. */
  void freeRequest();

  /**
   * Charges the retry budget.
   *
   * @param unprocessed whether the last attempt was certainly not processed
   * @return false when the budget is used up
   */
  boolean takeRetry(boolean unprocessed);

  /** The number of attempts that the client itself made before. */
  int clientAttempts();

  /** The delays between the attempts of one call, not yet used. */
  Backoff newBackoff();

  /** Counts an attempt that is followed by another one. */
  void recordRetry(GrpcStatusCode failure);

  /** The grpc-status in headers; null for none. */
  @Nullable CharSequence grpcStatus(H headers);

  /** The grpc-retry-pushback-ms in headers; null for none. */
  @Nullable CharSequence pushback(H headers);

  /** The status that the HTTP status in headers maps to. */
  LocalReplyStatus statusOfHttp(H headers);

  /**
   * Keeps the challenge of a response that is not gRPC for the local reply, if it has status 401.
   */
  void keepChallenge(H headers);

  /** Describes a response that is not gRPC. */
  String describe(H headers);

  /** Sends headers of the response to the client. */
  void forwardHeaders(H headers, boolean end);

  /** Counts DATA of the response, which is held until it is forwarded or dropped. */
  void countData(D data, int bytes);

  /** Sends DATA of the response to the client. */
  void forwardData(D data, int bytes, boolean end);

  /** Records the end of the call. */
  void recordEnd(CallEndReason why, GrpcStatusCode status);

  /**
   * Records the end of the call, and sends a local reply.
   *
   * @param endpoint of the last attempt; see {@link #endpoint}
   * @param began whether response headers were sent already
   */
  void replyLocally(
      CallEndReason why, LocalReplyStatus status, String what, String endpoint, boolean began);

  /** Records the end of a call whose client gets no reply. */
  void endWithoutReply(CallEndReason why, LocalReplyStatus status);

  /** Resets the client's stream with REFUSED_STREAM: no attempt was processed. */
  void refuseStream();

  /** The endpoint of the last attempt; "none" for none. */
  String endpoint();
}
