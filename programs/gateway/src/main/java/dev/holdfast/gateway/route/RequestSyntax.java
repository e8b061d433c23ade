package dev.holdfast.gateway.route;

import java.util.Arrays;

/**
 * The syntax of a request's method, target and authority, the same for every version of HTTP (RFC
 * 9110, RFC 3986). Only valid requests are forwarded: where a gateway and its upstream parse a
 * target differently, requests can be smuggled. The methods allocate nothing.
 */
public final class RequestSyntax {
  private static final int TOKEN = 1;
  private static final int PATH = 2;
  private static final int HOST = 4;
  private static final int LITERAL = 8;
  private static final int HEX = 16;

  private static final int LAST_ASCII = 0x7e;
  private static final int PORT_DIGITS = 5;
  private static final int LARGEST_PORT = 65_535;
  private static final int TEN = 10;
  private static final int NO_PORT = -1;
  private static final int HTTP_PORT = 80;
  private static final int HTTPS_PORT = 443;

  private static final byte[] KINDS = kinds();

  private RequestSyntax() {}

  /** Whether a text is a token (RFC 9110, 5.6.2), as a method and the name of a field are. */
  public static boolean isToken(CharSequence text) {
    return text.length() > 0 && consistsOf(TOKEN, text, 0, text.length());
  }

  /**
   * Whether a text is a path with a query, as in a request target. Such a text begins with a slash,
   * or is {@code *}, and has no control characters, blanks or fragment. Bytes above ASCII are
   * accepted, as other servers do.
   */
  public static boolean isPath(CharSequence text) {
    int length = text.length();
    if (length == 0 || text.charAt(0) != '/') {
      return length == 1 && text.charAt(0) == '*';
    }
    return consistsOf(PATH, text, 1, length);
  }

  /**
   * Whether a text is {@code host} or {@code host:port} (RFC 3986, 3.2.2): a name, an IPv4 address,
   * or an IPv6 address in brackets. User information is refused, as RFC 9110, 4.2.4, requires.
   * Escapes of characters that may stand in a host are refused too: they would hide the host from
   * its routes.
   */
  public static boolean isAuthority(CharSequence text) {
    int length = text.length();
    int hostEnd = hostEnd(text);
    if (hostEnd <= 0 || portOf(text, hostEnd) == NO_PORT) {
      return false;
    }
    if (text.charAt(0) == '[') {
      return hostEnd > 2
          && text.charAt(hostEnd - 1) == ']'
          && consistsOf(LITERAL, text, 1, hostEnd - 1);
    }
    for (int i = 0; i < hostEnd; i++) {
      char c = text.charAt(i);
      if (c == '%') {
        if (i + 2 >= hostEnd || !isNeededEscape(text, i)) {
          return false;
        }
        i += 2;
      } else if (!is(HOST, c)) {
        return false;
      }
    }
    return length <= 1_024;
  }

  private static boolean isNeededEscape(CharSequence text, int at) {
    if (!consistsOf(HEX, text, at + 1, at + 3)) {
      return false;
    }
    int value =
        Character.digit(text.charAt(at + 1), 16) * 16 + Character.digit(text.charAt(at + 2), 16);
    return !is(HOST, (char) value);
  }

  /**
   * Whether two authorities identify the same server: hosts are compared without case, and an
   * absent port is that of the scheme (RFC 3986, 6.2.3). Both are {@linkplain #isAuthority
   * well-formed}.
   *
   * @param secure whether the scheme is https
   */
  public static boolean isSameAuthority(CharSequence one, CharSequence other, boolean secure) {
    int end = hostEnd(one);
    if (end != hostEnd(other)) {
      return false;
    }
    for (int i = 0; i < end; i++) {
      if (lower(one.charAt(i)) != lower(other.charAt(i))) {
        return false;
      }
    }
    return portOr(one, end, secure) == portOr(other, end, secure);
  }

  /** The index at which the host ends: at the colon of a port, or at the end. */
  private static int hostEnd(CharSequence text) {
    int from = 0;
    if (text.length() > 0 && text.charAt(0) == '[') {
      from = indexOf(text, ']', 0) + 1;
      if (from == 0) {
        return 0;
      }
      return from;
    }
    int colon = indexOf(text, ':', from);
    return colon < 0 ? text.length() : colon;
  }

  /** The port after a host; 0 for none, {@link #NO_PORT} for an invalid port. */
  private static int portOf(CharSequence text, int hostEnd) {
    int length = text.length();
    if (hostEnd == length) {
      return 0;
    }
    if (text.charAt(hostEnd) != ':' || length - hostEnd - 1 > PORT_DIGITS) {
      return NO_PORT;
    }
    int port = 0;
    for (int i = hostEnd + 1; i < length; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit >= TEN) {
        return NO_PORT;
      }
      port = port * TEN + digit;
    }
    return port > LARGEST_PORT ? NO_PORT : port;
  }

  private static int portOr(CharSequence text, int hostEnd, boolean secure) {
    int port = portOf(text, hostEnd);
    return port == 0 ? (secure ? HTTPS_PORT : HTTP_PORT) : port;
  }

  private static int indexOf(CharSequence text, char wanted, int from) {
    for (int i = from; i < text.length(); i++) {
      if (text.charAt(i) == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
  }

  private static boolean consistsOf(int kind, CharSequence text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (!is(kind, text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean is(int kind, char c) {
    return c < KINDS.length && (KINDS[c] & kind) != 0;
  }

  private static byte[] kinds() {
    byte[] kinds = new byte[256];
    Arrays.fill(kinds, '!', kinds.length, (byte) PATH);
    kinds[LAST_ASCII + 1] = 0;
    kinds['#'] = 0;
    String alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    mark(kinds, alphanumeric + "!#$%&'*+-.^_`|~", TOKEN);
    mark(kinds, alphanumeric + "-._~!$&'()*+,;=", HOST);
    mark(kinds, alphanumeric + "-._~!$&'()*+,;=:%", LITERAL);
    mark(kinds, "0123456789abcdefABCDEF", HEX);
    return kinds;
  }

  private static void mark(byte[] kinds, String characters, int kind) {
    for (int i = 0; i < characters.length(); i++) {
      kinds[characters.charAt(i)] |= (byte) kind;
    }
  }
}
