package dev.holdfast.core;

/** The state of the record in the registry. */
public enum RegistrationState {
  /** An attempt is under way; the record may not be visible yet. */
  ANNOUNCING(0),
  /** The record is visible to everyone. */
  VISIBLE(1),
  /** The last attempt failed or the record was lost; the next attempt follows. */
  WAITING(2),
  /** Another process announced itself at this address; we wait until its record is gone. */
  CONFLICT(3),
  /** The record is being deleted. */
  WITHDRAWING(4),
  /** No record is wanted, and none is kept alive. */
  ABSENT(5),
  /** The registry can't hold the record at all; nothing is tried again. */
  FAILED(6);

  private final int code;

  RegistrationState(int code) {
    this.code = code;
  }

  /** The value of the meter that shows the state; it never changes its meaning. */
  public int code() {
    return code;
  }
}
