package dev.holdfast.transcoding.internal.route;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A path template of google.api.http: {@code /v1/{name=shelves/*}/books/**:read}.
 *
 * <pre>
 *   Template = "/" [ Segments [ Verb ] ] ;
 *   Segments = Segment { "/" Segment } ;
 *   Segment  = "*" | "**" | LITERAL | Variable ;
 *   Variable = "{" FieldPath [ "=" Segments ] "}" ;
 *   FieldPath = IDENT { "." IDENT } ;
 *   Verb     = ":" LITERAL ;
 * </pre>
 *
 * <p>{@code *} matches one non-empty segment, {@code **} any number of segments, including none.
 * Only literals may follow {@code **}, as in Envoy and ESPv2; the grammar's text permits only the
 * verb there. The root path alone is valid, as in both, although the grammar requires a segment.
 * Literals are compared decoded. A colon begins a verb only in the last segment. Immutable.
 *
 * @see <a href="https://github.com/googleapis/googleapis/blob/master/google/api/http.proto">
 *     http.proto</a>
 */
public final class PathTemplate {
  /** The kinds of template segments. */
  public enum SegmentKind {
    /** A segment with exactly this text. */
    LITERAL,
    /** A wildcard for a single non-empty segment, {@code *}. */
    ONE,
    /** A wildcard for any number of segments, {@code **}. */
    ANY
  }

  /**
   * A segment of a template.
   *
   * @param kind the kind of match
   * @param literal the decoded text of a literal; empty for wildcards
   */
  public record Segment(SegmentKind kind, String literal) {
    static final Segment ONE = new Segment(SegmentKind.ONE, "");
    static final Segment ANY = new Segment(SegmentKind.ANY, "");

    @Override
    public String toString() {
      return switch (kind) {
        case LITERAL -> literal;
        case ONE -> "*";
        case ANY -> "**";
      };
    }
  }

  /**
   * A part of the path that binds to a request field.
   *
   * @param fieldPath field names, from the request message inwards
   * @param start the index of its first segment in the template
   * @param end the index behind its last segment
   * @param multiSegment whether the value may contain slashes, so that an escaped slash stays
   *     escaped
   */
  public record Variable(List<String> fieldPath, int start, int end, boolean multiSegment) {
    /** The field path with dots, as in the template. */
    public String name() {
      return String.join(".", fieldPath);
    }
  }

  private final String text;
  private final List<Segment> segments;
  private final List<Variable> variables;
  private final String verb;
  private final int any;

  PathTemplate(String text, List<Segment> segments, List<Variable> variables, String verb) {
    this.text = text;
    this.segments = List.copyOf(segments);
    this.variables = List.copyOf(variables);
    this.verb = verb;
    this.any = this.segments.indexOf(Segment.ANY);
  }

  /**
   * Parses a template of google.api.http.
   *
   * @throws InvalidTemplateException with the template and the position
   */
  public static PathTemplate parse(String template) {
    return new PathTemplateParser(template).parse();
  }

  /** The segments from left to right, including those within variables. */
  public List<Segment> segments() {
    return segments;
  }

  /** The variables from left to right. */
  public List<Variable> variables() {
    return variables;
  }

  /** The verb behind the colon; empty for none. */
  public String verb() {
    return verb;
  }

  /** The template without its variables; two templates of one shape match the same paths. */
  public String shape() {
    String path =
        segments.stream().map(Segment::toString).collect(Collectors.joining("/", "/", ""));
    return verb.isEmpty() ? path : path + ":" + verb;
  }

  /** The index of the {@code **}, or -1. */
  int anyIndex() {
    return any;
  }

  /** The index of a variable's first segment in a path with some number of segments. */
  int startIn(Variable variable, int pathSegments) {
    return shifted(variable.start(), pathSegments);
  }

  /** The index behind a variable's last segment in a path with some number of segments. */
  int endIn(Variable variable, int pathSegments) {
    return shifted(variable.end(), pathSegments);
  }

  private int shifted(int index, int pathSegments) {
    return any < 0 || index <= any ? index : index + pathSegments - segments.size();
  }

  /** The text from which the template was parsed. */
  @Override
  public String toString() {
    return text;
  }
}
