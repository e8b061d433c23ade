package dev.holdfast.hooks;

/**
 * The state of one resumable stream at one moment, for operators. It holds names and numbers, never
 * a token, a header or a message.
 *
 * @param server whether this side is the server
 * @param id 32 hexadecimal digits, the same on both sides
 * @param peer the address of the other side, as of the last attachment; "" when there was none
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
    String id,
    String peer,
    String principal,
    String method,
    String state,
    long attempts,
    String lastCause,
    long queuedBytes,
    StreamPositions positions,
    StreamTimes times) {

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
