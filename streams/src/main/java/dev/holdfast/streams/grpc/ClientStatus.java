package dev.holdfast.streams.grpc;

import dev.holdfast.streams.SessionEnd;
import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** The status with which a client's call ends, for each end of its session. */
final class ClientStatus {
  private ClientStatus() {}

  /**
   * @param cancellation what the application cancelled with, if it did
   * @param last of the physical call that ended last, if one has
   */
  static FinalStatus of(SessionEnd end, @Nullable Status cancellation, @Nullable Status last) {
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
          default -> unavailable;
        };
    return status == null
        ? FinalStatus.of(end.status(), end.trailers())
        : new FinalStatus(status, new Metadata());
  }
}
