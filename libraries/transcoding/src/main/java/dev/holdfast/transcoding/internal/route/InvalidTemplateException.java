package dev.holdfast.transcoding.internal.route;

/** Thrown for a path template with a syntax error, with the position. */
public final class InvalidTemplateException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String template;
  private final int position;

  InvalidTemplateException(String template, int position, String found, String expected) {
    super(
        "template '%s', position %d: %s (expected: %s)"
            .formatted(template, position, found, expected));
    this.template = template;
    this.position = position;
  }

  /** The text of the invalid template. */
  public String template() {
    return template;
  }

  /**
   * The position of the error in characters from 0; the template's length for an unexpected end.
   */
  public int position() {
    return position;
  }
}
