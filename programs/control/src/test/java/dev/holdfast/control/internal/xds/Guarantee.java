package dev.holdfast.control.internal.xds;

/** What the simulation checks, by the names under which docs/guarantees.md has them. */
enum Guarantee {
  XDS_CONVERGES,
  XDS_NOTHING_IN_VAIN,
  XDS_ONE_AT_A_TIME,
  XDS_ONLY_WHAT_WAS_ASKED,
  XDS_NEVER_INCOMPLETE,
  XDS_MAKE_BEFORE_BREAK;

  void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("guarantee " + this + " broken: " + what);
    }
  }

  /** As in the document. */
  @Override
  public String toString() {
    return name().replace('_', '-');
  }
}
