package dev.holdfast.control;

/** The variant of the xDS protocol that a client uses. */
enum XdsVariant {
  /** State of the world: each request names all wanted resources. */
  SOTW("sotw"),
  /** Incremental: each request names the changes to the subscription. */
  DELTA("delta");

  private final String text;

  XdsVariant(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }
}
