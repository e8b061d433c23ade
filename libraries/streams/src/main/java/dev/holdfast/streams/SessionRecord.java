package dev.holdfast.streams;

import java.util.List;

/**
 * The durable state of a session in its store.
 *
 * @param attach the number of the attachment whose owner may write: the fence
 * @param owner the instance that may write
 * @param previousAttach the fence before the claim that took it; a repeated claim changes nothing
 * @param previousOwner the owner before this claim
 * @param version how many changes were saved
 * @param caller the principal and the method that may resume
 * @param processed the highest position of the client that was processed, effects included
 * @param acked the highest position of the server that the client had processed, as known then
 * @param unacked the server's messages above it, without gaps
 * @param halfClosed whether the client's half-close was processed
 * @param over whether the session has ended; the record is its tombstone
 */
public record SessionRecord(
    long attach,
    String owner,
    long previousAttach,
    String previousOwner,
    long version,
    Caller caller,
    long processed,
    long acked,
    List<SequencedMessage> unacked,
    boolean halfClosed,
    boolean over) {

  /**
   * The principal and the method of a session.
   *
   * @param principal by the authentication outside of Holdfast; "" for nobody
   * @param method the full name of the method
   */
  public record Caller(String principal, String method) {}

  public SessionRecord {
    unacked = List.copyOf(unacked);
  }

  /** Creates the record of a new session. */
  public static SessionRecord fresh(long attach, String owner, Caller caller) {
    return new SessionRecord(attach, owner, 0, owner, 0, caller, 0, 0, List.of(), false, false);
  }

  /** Creates the record of a session without an owner in which all that was sent has arrived. */
  public static SessionRecord settled(
      Caller caller, long processed, long sent, boolean halfClosed) {
    return new SessionRecord(
        0, "", 0, "", 0, caller, processed, sent, List.of(), halfClosed, false);
  }

  /** Returns this record with another fence and owner. */
  public SessionRecord claimed(long newAttach, String newOwner) {
    return new SessionRecord(
        newAttach,
        newOwner,
        attach,
        owner,
        version,
        caller,
        processed,
        acked,
        unacked,
        halfClosed,
        over);
  }

  /** Returns this record with a change applied and the next version. */
  public SessionRecord changed(StoreRequest.Save change) {
    List<SequencedMessage> kept = new java.util.ArrayList<>(unacked);
    kept.addAll(change.appended());
    kept.removeIf(sequencedMessage -> sequencedMessage.seq() <= change.acked());
    return new SessionRecord(
        attach,
        owner,
        previousAttach,
        previousOwner,
        version + 1,
        caller,
        change.processed(),
        Math.max(acked, change.acked()),
        kept,
        change.halfClosed(),
        change.over());
  }
}
