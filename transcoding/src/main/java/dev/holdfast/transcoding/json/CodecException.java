package dev.holdfast.transcoding.json;

/**
 * Input that is not what its message type demands: where, what was found, what was expected. It has
 * no stack trace, for it tells of somebody's bytes and not of this program.
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
   * The place in the message, as {@code order.lines[2].price}; empty for the message itself. Maps
   * show the key in brackets.
   */
  public String path() {
    return path;
  }

  /** What was found, and what was expected. */
  public String problem() {
    return problem;
  }

  /** The offset in the input, counted from the start of the range that was given; -1: unknown. */
  public int offset() {
    return offset;
  }

  @Override
  public String getMessage() {
    String where = path.isEmpty() ? "message" : path;
    return where + ": " + problem + (offset < 0 ? "" : ", at byte " + offset);
  }

  /** The same, seen from one level further out. */
  CodecException within(String outer) {
    if (path.isEmpty()) {
      return new CodecException(outer, problem, offset);
    }
    String joined = path.charAt(0) == '[' ? outer + path : outer + '.' + path;
    return new CodecException(joined, problem, offset);
  }
}
