package dev.holdfast.core;

/**
 * The guarantees that the simulations check, by the names under which docs/guarantees.md has them.
 */
public enum Guarantee {
  ADDITIONS_AT_ONCE,
  AGE_IS_HONEST,
  CONFLICT_IS_NOT_FOUGHT,
  CONVERGES,
  EMPTY_NEEDS_GRACE,
  EMPTY_NEEDS_READ,
  LIVE_IS_NEVER_EMPTY,
  MASS_LOSS_KEEPS_THE_LIVING,
  NO_HOT_LOOP,
  NO_VAIN_CHANGE,
  ONE_ANNOUNCEMENT_AT_A_TIME,
  ONE_WATCH_PER_SERVICE,
  OUTAGE_KEEPS_THE_LIVING,
  REGISTRATION_HEALS,
  SHRINK_NEEDS_READ,
  VISIBLE_IS_HONEST,
  WIPE_KEEPS_THE_LIVING,
  WIPE_NEVER_EMPTIES,
  WITHDRAWAL_ENDS,
  WITHDRAWN_IS_GONE;

  /** As in the document. */
  @Override
  public String toString() {
    return name().replace('_', '-');
  }
}
