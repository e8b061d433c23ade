package dev.holdfast.control;

/** How a client asks. */
enum Variant {
  /** The state of the world: each request names all that is wanted. */
  SOTW("sotw"),
  /** Incremental: each request names what changes. */
  DELTA("delta");

  private final String text;

  Variant(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }
}
