package dev.holdfast.gateway.route;

import io.netty.util.AsciiString;

/**
 * Path normalization (RFC 3986, 6.2.2). Every request path is brought into its normal form before
 * anything reads it, so that routes, CORS, deadlines, transcoding, the access log and the upstream
 * see the same path.
 *
 * <ul>
 *   <li>Escapes of unreserved characters are decoded: {@code %61} is {@code a}.
 *   <li>Other escapes stay, in upper case: {@code %2F} does not separate segments.
 *   <li>Dot segments, backslashes, fragments, control characters, blanks, {@code %00} and malformed
 *       escapes are refused. Proxies differ in whether they resolve dot segments, which is how a
 *       request slips past a rule.
 *   <li>Empty segments stay: {@code //} differs from {@code /} for routes and templates alike.
 * </ul>
 *
 * <p>The query is checked for the same characters, and never changed. Thread-safe.
 */
public final class PathNormalization {
  private static final String UNRESERVED_MARKS = "-._~";

  /** The characters whose escapes are not equivalent to them, or which are refused. */
  private static final String NEVER_ALIKE = "/%*?#\\";

  private static final String ESCAPED_SLASH = "%2F";
  private static final String ESCAPED_BACKSLASH = "%5C";
  private static final String HEX = "0123456789ABCDEF";
  private static final int HEX_BITS = 4;
  private static final int ESCAPE_CHARS = 3;
  private static final int ASCII = 128;
  private static final int DELETE = 0x7f;

  private static final boolean[] UNRESERVED = unreserved();

  private PathNormalization() {}

  /** Whether a path with its query is in normal form already. Allocates nothing. */
  public static boolean isNormal(CharSequence target) {
    int length = target.length();
    if (length == 0 || target.charAt(0) != '/') {
      return false;
    }
    char before = '/';
    for (int i = 1; i < length; i++) {
      char c = target.charAt(i);
      if (c == '?') {
        return isQuery(target, i + 1);
      }
      // A dot that begins a segment may make a dot segment.
      if (c == '%' || c == '\\' || isRefused(c) || (c == '.' && before == '/')) {
        return false;
      }
      before = c;
    }
    return true;
  }

  /**
   * The normal form of a path with its query. The asterisk of an OPTIONS request stays.
   *
   * @throws MalformedPathException when the path has no normal form
   */
  public static CharSequence normalize(CharSequence method, CharSequence target)
      throws MalformedPathException {
    int length = target.length();
    if (length == 1 && target.charAt(0) == '*' && "OPTIONS".contentEquals(method)) {
      return target;
    }
    if (length == 0 || target.charAt(0) != '/') {
      throw new MalformedPathException(
          length == 0 ? "nothing" : "not one that begins with /", "a path such as /v1/orders");
    }
    int end = CharSequences.indexOf(target, '?', 0, length);
    StringBuilder normal = new StringBuilder(length);
    for (int i = 0; i < end; i++) {
      char c = target.charAt(i);
      if (c == '%') {
        addEscape(escape(target, i, end), normal);
        i += ESCAPE_CHARS - 1;
      } else {
        add(c, normal);
      }
    }
    requireNoDotSegment(normal);
    for (int i = end; i < length; i++) {
      requireVisible(target.charAt(i));
    }
    return AsciiString.of(normal.append(target, end, length));
  }

  /** Whether a path in normal form has an escaped slash. */
  public static boolean hasEscapedSlash(CharSequence path) {
    int end = CharSequences.indexOf(path, '?', 0, path.length());
    for (int i = 0; i < end; i++) {
      if (path.charAt(i) == '%' && CharSequences.hasAt(path, i, end, ESCAPED_SLASH)) {
        return true;
      }
    }
    return false;
  }

  /**
   * A path in normal form with slashes in place of escaped ones; its query stays.
   *
   * @throws MalformedPathException when that makes dot segments
   */
  public static CharSequence withSlashes(CharSequence path) throws MalformedPathException {
    int end = CharSequences.indexOf(path, '?', 0, path.length());
    String decoded = path.subSequence(0, end).toString().replace(ESCAPED_SLASH, "/");
    requireNoDotSegment(decoded);
    return AsciiString.of(decoded + path.subSequence(end, path.length()));
  }

  /**
   * Refuses a gRPC path in normal form that some servers would take for another: one with an
   * escaped slash or backslash.
   *
   * @throws MalformedPathException for such a path
   */
  public static void requireMethodPath(CharSequence path) throws MalformedPathException {
    int end = CharSequences.indexOf(path, '?', 0, path.length());
    for (int i = CharSequences.indexOf(path, '%', 0, end);
        i < end;
        i = CharSequences.indexOf(path, '%', i + 1, end)) {
      if (CharSequences.hasAt(path, i, end, ESCAPED_SLASH)
          || CharSequences.hasAt(path, i, end, ESCAPED_BACKSLASH)) {
        throw new MalformedPathException(
            path.subSequence(i, i + ESCAPE_CHARS).toString(), "/package.Service/Method");
      }
    }
  }

  /**
   * The form in which paths and patterns are compared: a character and its escape are the same, if
   * both may stand in a segment. The transcoder's templates compare segments in the same way.
   *
   * @param path of a request in normal form, or a literal of a pattern
   */
  static CharSequence comparable(CharSequence path, int end) {
    for (int i = 0; i < end; i++) {
      char c = path.charAt(i);
      if (c == '%' || c == '*') {
        return compared(path, end);
      }
    }
    return path;
  }

  private static CharSequence compared(CharSequence path, int end) {
    StringBuilder text = new StringBuilder(end);
    for (int i = 0; i < end; i++) {
      char c = path.charAt(i);
      if (c == '%') {
        int value = value(path, i, end);
        if (value > ' ' && value != DELETE && NEVER_ALIKE.indexOf(value) < 0) {
          text.append((char) value);
        } else {
          text.append(path, i, Math.min(end, i + ESCAPE_CHARS));
        }
        i += ESCAPE_CHARS - 1;
      } else if (c == '*') {
        text.append("%2A");
      } else {
        text.append(c);
      }
    }
    return text;
  }

  /** The comparable form of a configured literal, whose escapes may be in upper or lower case. */
  static String literal(String segment) {
    StringBuilder text = new StringBuilder(segment.length());
    for (int i = 0; i < segment.length(); i++) {
      if (segment.charAt(i) == '%') {
        addEscape(value(segment, i, segment.length()), text);
        i += ESCAPE_CHARS - 1;
      } else {
        text.append(segment.charAt(i));
      }
    }
    return comparable(text, text.length()).toString();
  }

  private static void add(char c, StringBuilder normal) throws MalformedPathException {
    requireVisible(c);
    if (c == '\\') {
      throw new MalformedPathException("a backslash", "a slash between segments, or an escape");
    }
    normal.append(c);
  }

  private static void addEscape(int value, StringBuilder normal) {
    if (value < ASCII && UNRESERVED[value]) {
      normal.append((char) value);
    } else {
      normal
          .append('%')
          .append(HEX.charAt(value >> HEX_BITS))
          .append(HEX.charAt(value & (HEX.length() - 1)));
    }
  }

  private static int escape(CharSequence text, int at, int end) throws MalformedPathException {
    int value = value(text, at, end);
    if (value < 0) {
      throw new MalformedPathException("an escape without a byte", "two hexadecimal digits");
    }
    if (value == 0) {
      throw new MalformedPathException("%00", "no NUL");
    }
    return value;
  }

  /** The byte of an escape; negative if it is malformed. */
  private static int value(CharSequence text, int at, int end) {
    if (at + 2 >= end) {
      return -1;
    }
    int high = digit(text.charAt(at + 1));
    int low = digit(text.charAt(at + 2));
    return high < 0 || low < 0 ? -1 : high << HEX_BITS | low;
  }

  private static int digit(char c) {
    return c < ASCII ? Character.digit(c, HEX.length()) : -1;
  }

  private static void requireVisible(char c) throws MalformedPathException {
    if (c <= ' ' || c == DELETE) {
      throw new MalformedPathException(
          "character 0x%02x".formatted((int) c), "visible characters, others escaped");
    }
    if (c == '#') {
      throw new MalformedPathException("a fragment", "none, or an escape");
    }
  }

  private static boolean isQuery(CharSequence target, int from) {
    for (int i = from; i < target.length(); i++) {
      char c = target.charAt(i);
      if (isRefused(c)) {
        return false;
      }
    }
    return true;
  }

  private static void requireNoDotSegment(CharSequence path) throws MalformedPathException {
    int end = path.length();
    for (int from = 1; from <= end; ) {
      int slash = CharSequences.indexOf(path, '/', from, end);
      int length = slash - from;
      if ((length == 1 || length == 2)
          && CharSequences.hasAt(path, from, slash, "..".substring(0, length))) {
        throw new MalformedPathException(
            "a segment " + path.subSequence(from, slash), "a path without dot segments");
      }
      from = slash + 1;
    }
  }

  private static boolean isRefused(char c) {
    return c <= ' ' || c == DELETE || c == '#';
  }

  private static boolean[] unreserved() {
    boolean[] table = new boolean[ASCII];
    for (char c = 0; c < ASCII; c++) {
      table[c] = Character.isLetterOrDigit(c) || UNRESERVED_MARKS.indexOf(c) >= 0;
    }
    return table;
  }
}
