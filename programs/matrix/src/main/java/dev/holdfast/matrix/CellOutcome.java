package dev.holdfast.matrix;

import io.grpc.Status;
import java.time.Duration;

/**
 * The outcome of a first call or of a held stream.
 *
 * @param ok whether it worked
 * @param word the short form for the table: ok, hung, or the status
 * @param detail the full description
 */
public record CellOutcome(boolean ok, String word, String detail) {

  static CellOutcome answered(Duration after) {
    return new CellOutcome(true, "ok", "answered after " + after.toMillis() + " ms");
  }

  static CellOutcome hung(Duration after) {
    return new CellOutcome(false, "hung", "no answer for " + after.toSeconds() + " s");
  }

  static CellOutcome failed(Status status, Duration after) {
    if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      return hung(after);
    }
    String description = status.getDescription() == null ? "" : ": " + status.getDescription();
    if (status.getCause() != null) {
      description += " (" + status.getCause().getMessage() + ")";
    }
    return new CellOutcome(
        false,
        status.getCode().name(),
        status.getCode() + description + " after " + after.toMillis() + " ms");
  }

  static CellOutcome broken(Throwable cause) {
    return new CellOutcome(false, "BROKEN", "the cell itself failed: " + cause);
  }
}
