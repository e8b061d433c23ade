package dev.holdfast.streams;

/** The answer of a {@link SessionStore}. */
public sealed interface StoreAnswer {
  /** The claim holds; this is the record as it stands now. */
  record Claimed(SessionRecord record) implements StoreAnswer {}

  /** The change is in the store, by this request or by an earlier one of the same version. */
  record Saved() implements StoreAnswer {}

  /** Another attachment or owner has the session. */
  record Fenced() implements StoreAnswer {}

  /** There is no record, and none was to be begun. */
  record Missing() implements StoreAnswer {}

  /**
   * The store has not what it had, or can't have what it should: nobody can keep the session.
   *
   * @param why for the log
   */
  record Lost(String why) implements StoreAnswer {}

  /** The outcome of the request is unknown. */
  record Failed() implements StoreAnswer {}
}
