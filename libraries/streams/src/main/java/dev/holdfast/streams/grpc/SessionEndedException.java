package dev.holdfast.streams.grpc;

import dev.holdfast.streams.SessionEnd;
import io.grpc.Status;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The cause of a session's end without a status of the peer: the cause of the {@link Status} that
 * the application gets, and of the cancellation of a server's context. Carries no stack trace.
 */
public final class SessionEndedException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient SessionEnd end;

  SessionEndedException(SessionEnd end) {
    super(
        "%s%s processed_by_peer=%d processed_here=%d"
            .formatted(
                end.kind().isLost() ? "SESSION_LOST " : "",
                end.kind(),
                end.processedByPeer(),
                end.processedHere()),
        null,
        false,
        false);
    this.end = end;
  }

  /** The end of the session, with the last known positions. */
  public SessionEnd end() {
    return end;
  }

  /** Whether the session could not be kept. */
  public boolean isSessionLost() {
    return end.kind().isLost();
  }

  /**
   * Finds the session's end in an observer's error or in a context's cancellation cause; empty for
   * other causes.
   */
  public static Optional<SessionEndedException> in(@Nullable Throwable failure) {
    Throwable cause = failure;
    // Causes may be nested, but not for ever.
    for (int depth = 0; cause != null && depth < 8; depth++) {
      if (cause instanceof SessionEndedException found) {
        return Optional.of(found);
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }
}
