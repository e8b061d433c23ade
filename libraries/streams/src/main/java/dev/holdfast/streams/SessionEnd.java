package dev.holdfast.streams;

/**
 * The end of a session, reported to the application once.
 *
 * @param kind the kind of end
 * @param status the gRPC status code with FINISHED and PLAIN, 0 otherwise
 * @param trailers the trailers of the status, as the server's binding wrote them; empty otherwise
 * @param processedByPeer the highest position up to which the peer is known to have processed this
 *     side's messages. Later messages may have been processed or not; with MOVED they were not
 * @param processedHere the highest position up to which this side has processed the peer's messages
 */
public record SessionEnd(
    SessionEndKind kind, int status, Payload trailers, long processedByPeer, long processedHere) {

  /** The kind of a session's end. */
  public enum SessionEndKind {
    /** The server's final status: delivered to the client, acknowledged to the server. */
    FINISHED(false),
    /** The client's application cancelled the session. */
    CANCELLED(false),
    /** The deadline of the session passed. */
    DEADLINE(false),
    /** The server's instance leaves; both sides know exactly what was processed. */
    MOVED(false),
    /** Another instance holds the session now. Only on a server; the session goes on. */
    RELEASED(false),
    /** The peer knows no sessions, and its stream ended with this status. */
    PLAIN(false),
    /** The peer knows nothing of the session. */
    LOST_UNKNOWN(true),
    /** The session's time without an attachment was over. */
    LOST_EXPIRED(true),
    /**
     * The peers' positions do not meet: a side no longer holds messages that the other one needs.
     */
    LOST_GAP(true),
    /** The peer refused the token. */
    LOST_DENIED(true),
    /** The store lost the session, went back in time, or can't keep it. Only on a server. */
    LOST_STORE(true),
    /** Several attachments in a row ended at the same message. */
    LOST_STUCK(true),
    /** The stream was ended by a status that repeating can't change. */
    LOST_REFUSED(true),
    /** No server could be reached for as long as a peer would have kept the session. */
    LOST_UNREACHABLE(true);

    private final boolean lost;

    SessionEndKind(boolean lost) {
      this.lost = lost;
    }

    /** Whether this kind is reported as SESSION_LOST. */
    public boolean isLost() {
      return lost;
    }
  }
}
