package dev.holdfast.gateway.frontend.codec;

/**
 * The guarantees that {@link FrontendCallSimulation} checks, by the names under which
 * docs/guarantees.md has them.
 */
enum FrontendGuarantee {
  FRONTEND_ENDS_ONCE,
  FRONTEND_GOES_ON,
  FRONTEND_RELEASES_ALL;

  /** As in the document. */
  @Override
  public String toString() {
    return name().replace('_', '-');
  }
}
