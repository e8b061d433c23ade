package dev.holdfast.bench.matrix;

/**
 * What a cell saw.
 *
 * @param path the row
 * @param pair the column
 * @param firstCall the first call after the quiet time
 * @param heldStream a message on a stream that was quiet for as long
 */
public record CellResult(MatrixPath path, MatrixPair pair, Outcome firstCall, Outcome heldStream) {

  /** The held stream can't be kept by anything but traffic inside it. */
  public boolean needsHeartbeat() {
    return path.isHop() && pair.keepsStreams() && !heldStream.ok();
  }

  /** Whether something failed that could have worked. */
  public boolean isFailed() {
    boolean firstFailed = !firstCall.ok() && !path.idleModeComesFirst();
    boolean streamCounts = !path.isHop() && pair.keepsStreams();
    return firstFailed || (streamCounts && !heldStream.ok());
  }

  /** For the table: {@code first/held}. */
  public String text() {
    String first = path.idleModeComesFirst() ? "(" + firstCall.word() + ")" : firstCall.word();
    if (!pair.keepsStreams()) {
      return first;
    }
    return first + " / " + (needsHeartbeat() ? "heartbeat" : heldStream.word());
  }
}
