package dev.holdfast.streams.grpc;

import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.grpc.internal.message.FinalStatus;
import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** The status with which a client's call ends, for each end of its session. */
final class SessionEndStatus {
  private SessionEndStatus() {}

  /**
   * @param cancellation what the application cancelled with, if it did
   * @param last of the physical call that ended last, if one has
   * @param stuckBytes the size of the first message that the server has not processed
   */
  static FinalStatus of(
      SessionEnd end, @Nullable Status cancellation, @Nullable Status last, long stuckBytes) {
    SessionEndedException why = new SessionEndedException(end);
    Status unavailable = Status.UNAVAILABLE.withDescription(why.getMessage()).withCause(why);
    Status status =
        switch (end.kind()) {
          case FINISHED, PLAIN -> null;
          case CANCELLED -> cancellation == null ? Status.CANCELLED : cancellation;
          case DEADLINE ->
              Status.DEADLINE_EXCEEDED.withDescription("deadline of the session").withCause(why);
          // It was ended by a status that means something to the application.
          case LOST_REFUSED ->
              last == null ? unavailable : last.withDescription(why.getMessage()).withCause(why);
          case LOST_STUCK -> stuck(end, last, stuckBytes).withCause(why);
          default -> unavailable;
        };
    return status == null
        ? FinalStatus.of(end.status(), end.trailers())
        : new FinalStatus(status, new Metadata());
  }

  /** A server that finds a message too large resets its stream, and says nothing. */
  private static Status stuck(SessionEnd end, @Nullable Status last, long bytes) {
    boolean reset = last != null && last.getCode() != Status.Code.UNAVAILABLE;
    Status status = reset ? Status.RESOURCE_EXHAUSTED : Status.UNAVAILABLE;
    return status.withDescription(
        "SESSION_LOST %s: message %d of %d bytes ended %s in a row (too large for the server, or for a proxy on the way?)"
            .formatted(
                end.kind(),
                end.processedByPeer() + 1,
                bytes,
                reset ? "several streams" : "several connections"));
  }
}
