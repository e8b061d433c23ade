package dev.holdfast.transcoding.http;

/** A path template that can't be read, with where. */
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

  /** The whole template. */
  public String template() {
    return template;
  }

  /** Where in the template, in characters from 0; its length for an end that came too early. */
  public int position() {
    return position;
  }
}
