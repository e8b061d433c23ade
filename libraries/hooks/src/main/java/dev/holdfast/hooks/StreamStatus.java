package dev.holdfast.hooks;

import java.util.Comparator;
import java.util.HexFormat;
import java.util.function.Supplier;

/**
 * The state of one resumable stream at one moment, for operators. It holds names and numbers, never
 * a token, a header or a message. Texts that have to be made are made when they are asked for,
 * because a reader sorts 100,000 streams to show a hundred of them.
 *
 * @param server whether this side is the server
 * @param idHigh the upper half of the id, which is the same on both sides
 * @param idLow the lower half of the id
 * @param peerText makes the address of the other side, as of the last attachment; "" when there was
 *     none. Holds the stream, so that a reader that keeps the status replaces it by the text
 * @param principal the authenticated client, on a server; "" for nobody
 * @param method the full name of the method
 * @param state the name of the session's state
 * @param attempts attachments so far; all but the first are resumes
 * @param lastCause how the last attachment ended; "" while the first one lasts
 * @param queuedBytes bytes held here, for the peer and for the application
 * @param positions how far both sides are
 * @param times how long the parts of the state have lasted
 */
public record StreamStatus(
    boolean server,
    long idHigh,
    long idLow,
    Supplier<String> peerText,
    String principal,
    String method,
    String state,
    long attempts,
    String lastCause,
    long queuedBytes,
    StreamPositions positions,
    StreamTimes times) {
  /** The order of the ids, which is also that of their texts. */
  public static final Comparator<StreamStatus> BY_ID =
      (one, other) -> {
        int byHigh = Long.compareUnsigned(one.idHigh, other.idHigh);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(one.idLow, other.idLow);
      };

  /** The id as 32 hexadecimal digits. */
  public String id() {
    return HexFormat.of().toHexDigits(idHigh) + HexFormat.of().toHexDigits(idLow);
  }

  /** The address of the other side, as of the last attachment; "" when there was none. */
  public String peer() {
    return peerText.get();
  }

  /**
   * The positions of a stream.
   *
   * @param sent the highest position that was given to a message of this side
   * @param acked the position up to which the peer has processed them
   * @param processed the position up to which this side has processed the peer's messages
   * @param duplicates messages that came more than once and were dropped
   */
  public record StreamPositions(long sent, long acked, long processed, long duplicates) {}

  /**
   * The times of a stream.
   *
   * @param ageMillis since this process has the session
   * @param unchangedMillis since an attachment was accepted or ended
   * @param unackedMillis for how long at least the oldest unacknowledged message has waited: since
   *     there is one, or since the last ack; 0 when every message is acknowledged
   */
  public record StreamTimes(long ageMillis, long unchangedMillis, long unackedMillis) {}
}
