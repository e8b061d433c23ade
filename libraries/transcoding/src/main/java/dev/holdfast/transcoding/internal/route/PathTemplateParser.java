package dev.holdfast.transcoding.internal.route;

import dev.holdfast.transcoding.internal.route.PathTemplate.Segment;
import dev.holdfast.transcoding.internal.route.PathTemplate.Variable;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads one {@link PathTemplate}, by recursive descent. */
final class PathTemplateParser {
  /**
   * The punctuation that a literal may contain, besides letters, digits, escapes and non-ASCII
   * characters.
   */
  private static final String LITERAL_PUNCTUATION = "-._~!$&'()+,;=@:";

  private final String text;
  private final List<Segment> segments = new ArrayList<>();
  private final List<Variable> variables = new ArrayList<>();
  private int at;

  PathTemplateParser(String text) {
    this.text = text;
  }

  PathTemplate parse() {
    expect('/', "a leading /");
    if (text.length() > 1) {
      // The root alone has no segment.
      segments(false);
    }
    String verb = at < text.length() ? verb() : "";
    return new PathTemplate(text, segments, variables, verb);
  }

  private void segments(boolean inVariable) {
    segment(inVariable);
    while (at < text.length() && text.charAt(at) == '/') {
      at++;
      segment(inVariable);
    }
  }

  private void segment(boolean inVariable) {
    if (at == text.length()) {
      throw error(at, "the end", "a segment");
    }
    char c = text.charAt(at);
    if (c == '*') {
      wildcard();
    } else if (c == '{') {
      if (inVariable) {
        throw error(at, "'{'", "no variable within a variable");
      }
      variable();
    } else {
      literal(inVariable);
    }
    if (at < text.length() && "/:}".indexOf(text.charAt(at)) < 0) {
      throw error(at, quoted(), inVariable ? "'/' or '}'" : "'/', ':' or the end");
    }
  }

  private void wildcard() {
    int start = at;
    boolean any = text.startsWith("**", at);
    if (segments.contains(Segment.ANY)) {
      throw error(start, any ? "'**'" : "'*'", "only literals after **");
    }
    at += any ? 2 : 1;
    segments.add(any ? Segment.ANY : Segment.ONE);
  }

  private void variable() {
    int start = at++;
    int first = segments.size();
    List<String> fieldPath = new ArrayList<>();
    fieldPath.add(identifier());
    while (at < text.length() && text.charAt(at) == '.') {
      at++;
      fieldPath.add(identifier());
    }
    if (at < text.length() && text.charAt(at) == '=') {
      at++;
      segments(true);
    } else {
      if (segments.contains(Segment.ANY)) {
        throw error(start, "a variable of one segment", "only literals after **");
      }
      segments.add(Segment.ONE);
    }
    expect('}', "'}'");
    List<Segment> own = segments.subList(first, segments.size());
    boolean multi = own.size() > 1 || own.contains(Segment.ANY);
    Variable variable = new Variable(List.copyOf(fieldPath), first, segments.size(), multi);
    for (Variable other : variables) {
      if (other.fieldPath().equals(variable.fieldPath())) {
        throw error(start, "variable " + variable.name() + " again", "each variable once");
      }
    }
    variables.add(variable);
  }

  private String identifier() {
    int start = at;
    while (at < text.length() && isIdentifier(text.charAt(at), at == start)) {
      at++;
    }
    if (at == start) {
      throw error(at, quoted(), "the name of a field");
    }
    return text.substring(start, at);
  }

  private static boolean isIdentifier(char c, boolean first) {
    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter || (!first && c >= '0' && c <= '9');
  }

  private void literal(boolean inVariable) {
    int start = at;
    int end = at;
    while (end < text.length() && text.charAt(end) != '/' && !(inVariable && ends(end))) {
      end++;
    }
    if (!inVariable && end == text.length()) {
      // Only in the last segment is a colon the verb's, and there the last one.
      int colon = text.lastIndexOf(':');
      end = colon >= start ? colon : end;
    }
    segments.add(
        new Segment(PathTemplate.SegmentKind.LITERAL, literalText(start, end, !inVariable)));
    at = end;
  }

  private boolean ends(int position) {
    return text.charAt(position) == '}';
  }

  private String verb() {
    if (text.charAt(at) != ':') {
      throw error(at, quoted(), "the end");
    }
    int start = ++at;
    at = text.length();
    return literalText(start, at, false);
  }

  private String literalText(int start, int end, boolean colons) {
    if (start == end) {
      at = start;
      throw error(start, quoted(), "a literal, * or a variable");
    }
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      boolean known =
          Character.isLetterOrDigit(c)
              || c >= 0x80
              || c == '%'
              || (LITERAL_PUNCTUATION.indexOf(c) >= 0 && (colons || c != ':'));
      if (!known) {
        throw error(i, "'" + c + "'", "a literal, percent-encoded");
      }
    }
    String raw = text.substring(start, end);
    if (raw.equals(".") || raw.equals("..")) {
      throw error(start, "'" + raw + "'", "no segment that clients resolve away");
    }
    return raw.indexOf('%') < 0 ? raw : decoded(raw, start);
  }

  private String decoded(String raw, int start) {
    StringBuilder escaped = new StringBuilder();
    raw.codePoints()
        .forEach(
            c -> {
              if (c < 0x80) {
                escaped.append((char) c);
              } else {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                  escaped.append('%').append(String.format("%02X", b & 0xFF));
                }
              }
            });
    try {
      return PercentDecoding.ALL.decode(escaped, 0, escaped.length(), "literal");
    } catch (RequestRefusedException e) {
      throw error(start, e.getMessage(), "percent-encoded UTF-8");
    }
  }

  private void expect(char c, String expected) {
    if (at == text.length() || text.charAt(at) != c) {
      throw error(at, quoted(), expected);
    }
    at++;
  }

  private String quoted() {
    return at == text.length() ? "the end" : "'" + text.charAt(at) + "'";
  }

  private InvalidTemplateException error(int position, String found, String expected) {
    return new InvalidTemplateException(text, position, found, expected);
  }
}
