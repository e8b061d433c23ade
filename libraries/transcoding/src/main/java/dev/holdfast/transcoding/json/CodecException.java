package dev.holdfast.transcoding.json;

/**
 * Thrown for input that does not match its message type, with the place, the found and the expected
 * value. Has no stack trace, because the fault is in the input.
 */
public final class CodecException extends Exception {
  private static final long serialVersionUID = 1;

  private final String path;
  private final String problem;
  private final int offset;

  CodecException(String path, String problem, int offset) {
    super(null, null, false, false);
    this.path = path;
    this.problem = problem;
    this.offset = offset;
  }

  /**
   * The field path of the problem, as {@code order.lines[2].price}; empty for the message itself.
   * Map keys are in brackets.
   */
  public String path() {
    return path;
  }

  /** The found and the expected value, as text. */
  public String problem() {
    return problem;
  }

  /** The byte offset in the given input range; -1 when unknown. */
  public int offset() {
    return offset;
  }

  @Override
  public String getMessage() {
    String where = path.isEmpty() ? "message" : path;
    return where + ": " + problem + (offset < 0 ? "" : ", at byte " + offset);
  }

  /** The same problem, with an outer field in front of the path. */
  CodecException within(String outer) {
    if (path.isEmpty()) {
      return new CodecException(outer, problem, offset);
    }
    String joined = path.charAt(0) == '[' ? outer + path : outer + '.' + path;
    return new CodecException(joined, problem, offset);
  }
}
