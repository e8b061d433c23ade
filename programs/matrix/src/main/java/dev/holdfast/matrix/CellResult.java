package dev.holdfast.matrix;

/**
 * The result of one cell of the matrix.
 *
 * @param path the row
 * @param pair the column
 * @param firstCall the first call after the quiet time
 * @param heldStream a message on a stream that was quiet for as long
 */
public record CellResult(
    MatrixPath path, MatrixPair pair, CellOutcome firstCall, CellOutcome heldStream) {

  /**
   * The held stream could have been kept by traffic inside it, which takes both sides, and was not.
   */
  public boolean needsHeartbeat() {
    return path.terminatesHttp2() && pair.hasSessions() && !heldStream.ok();
  }

  /** Whether something failed that people expect to work. */
  public boolean isFailed() {
    boolean firstFailed = !firstCall.ok() && !path.idleModeComesFirst();
    return firstFailed || (pair.keepsStreams() && !heldStream.ok());
  }

  /** The text of the table's cell: {@code first/held}. */
  public String text() {
    String first = path.idleModeComesFirst() ? "(" + firstCall.word() + ")" : firstCall.word();
    if (!pair.keepsStreams()) {
      return first;
    }
    return first + " / " + heldStream.word();
  }
}
