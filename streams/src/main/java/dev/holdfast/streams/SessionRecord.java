package dev.holdfast.streams;

import java.util.List;

/**
 * What a store keeps of a session.
 *
 * @param attach the number of the attachment whose owner may write: the fence
 * @param owner the instance that may write
 * @param previousAttach the fence before the claim that took it; a claim said again changes nothing
 * @param previousOwner the owner before this claim
 * @param version how many changes were saved
 * @param caller who may resume
 * @param processed the highest position of the client that was processed, effects included
 * @param acked the highest position of the server that the client had processed, as known then
 * @param unacked what the server sent above it, without gaps
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
    List<Outbox.Item> unacked,
    boolean halfClosed,
    boolean over) {

  /**
   * Who opened a session.
   *
   * @param principal by the authentication outside of Holdfast; "" for nobody
   * @param method the full name of the method
   */
  public record Caller(String principal, String method) {}

  public SessionRecord {
    unacked = List.copyOf(unacked);
  }

  /** Of a session that begins. */
  public static SessionRecord fresh(long attach, String owner, Caller caller) {
    return new SessionRecord(attach, owner, 0, owner, 0, caller, 0, 0, List.of(), false, false);
  }

  /** With another fence. */
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

  /** After a change, which makes a version more. */
  public SessionRecord changed(StoreRequest.Save change) {
    List<Outbox.Item> kept = new java.util.ArrayList<>(unacked);
    kept.addAll(change.appended());
    kept.removeIf(item -> item.seq() <= change.acked());
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
