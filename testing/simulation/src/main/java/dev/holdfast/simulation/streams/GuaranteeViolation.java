package dev.holdfast.simulation.streams;

/** A schedule in which a session did not keep what it promises. */
public final class GuaranteeViolation extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Guarantee guarantee;

  GuaranteeViolation(Guarantee guarantee, String what) {
    super("guarantee " + guarantee + " broken: " + what);
    this.guarantee = guarantee;
  }

  public Guarantee guarantee() {
    return guarantee;
  }
}
