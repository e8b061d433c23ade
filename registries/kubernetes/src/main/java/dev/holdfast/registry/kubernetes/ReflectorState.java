package dev.holdfast.registry.kubernetes;

/** The states of a {@link Reflector}. */
enum ReflectorState {
  /** A list is under way. */
  LISTING(0),
  /** A watch was asked for and not accepted yet. */
  OPENING(1),
  /** A watch is open and delivers events. */
  WATCHING(2),
  /** The last request failed; the next one follows. */
  PAUSING(3),
  /** The reflector was closed; the state is final. */
  ENDED(4);

  private final int code;

  ReflectorState(int code) {
    this.code = code;
  }

  /** The value of the meter that shows the state; it never changes its meaning. */
  int code() {
    return code;
  }
}
