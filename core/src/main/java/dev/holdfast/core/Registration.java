package dev.holdfast.core;

/** The desired state of one record, reconciled with what the registry does to it. */
@PureCore
public class Registration {

  /** How the record fares. */
  public enum State {
    /** An attempt is under way; the record may not be visible yet. */
    ANNOUNCING,
    /** The record is visible to everyone. */
    VISIBLE,
    /** The last attempt failed or the record was lost; the next attempt follows. */
    WAITING,
    /** Another process announced itself at this address; we wait until its record is gone. */
    CONFLICT,
    /** The record is being deleted. */
    WITHDRAWING,
    /** No record is wanted, and none is kept alive. */
    ABSENT,
    /** The registry can't hold the record at all; nothing is tried again. */
    FAILED
  }

  Registration() {}
}
