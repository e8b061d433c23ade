package dev.holdfast.streams;

/** The answer of a {@link SessionStore}. */
public sealed interface StoreResponse {
  /** The claim holds; this is the record as it stands now. */
  record Claimed(SessionRecord record) implements StoreResponse {}

  /** The change is in the store, by this request or by an earlier one of the same version. */
  record Saved() implements StoreResponse {}

  /** Another attachment or owner has the session. */
  record Fenced() implements StoreResponse {}

  /** There is no record, and none was to be begun. */
  record Missing() implements StoreResponse {}

  /**
   * The store has not what it had, or can't have what it should: nobody can keep the session.
   *
   * @param why for the log
   */
  record Lost(String why) implements StoreResponse {}

  /** The outcome of the request is unknown. */
  record Failed() implements StoreResponse {}
}
