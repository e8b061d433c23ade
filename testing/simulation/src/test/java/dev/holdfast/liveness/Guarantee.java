package dev.holdfast.liveness;

/** What the simulation checks, by the names under which docs/guarantees.md has them. */
enum Guarantee {
  A_MISS_IS_NO_VERDICT,
  ACKS_ARE_LIFE,
  BYTES_ARE_LIFE,
  DEAD_IS_CLOSED,
  FORGIVES_AS_LONG_AS_STOCK,
  GAP_IS_NOT_SILENCE,
  NO_FATAL_STRIKE,
  NO_PROBE_STORM,
  NO_VAIN_SUSPICION,
  SILENCE_IS_PROBED,
  SUSPECT_WITHIN_A_SECOND,
  UNCONNECTED_REPLACEMENT_HOLDS;

  /** As in the document. */
  @Override
  public String toString() {
    return name().replace('_', '-');
  }
}
