package dev.holdfast.gateway.call;

/**
 * The guarantees that {@link CallSimulation} checks, by the names under which docs/guarantees.md
 * has them.
 */
enum CallGuarantee {
  CALL_ATTEMPTS_BOUNDED,
  CALL_ATTEMPTS_END,
  CALL_BUDGET_KEPT,
  CALL_DEADLINE_KEPT,
  CALL_ENDS_ONCE,
  CALL_GOES_ON,
  CALL_LATE_EVENTS_IGNORED,
  CALL_NO_RETRY_AFTER_RESPONSE,
  CALL_NO_SECOND_EFFECT,
  CALL_REFUSED_IS_TRUE,
  CALL_RELEASES_ALL,
  CALL_TIMERS_END,
  CALL_WHOLE_REQUEST;

  /** As in the document. */
  @Override
  public String toString() {
    return name().replace('_', '-');
  }
}
