package dev.holdfast.transcoding.http;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A path of google.api.http: {@code /v1/{name=shelves/*}/books/**:read}.
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
 * <p>{@code *} is one segment that is not empty, {@code **} any number of segments, none included.
 * After {@code **} only literals may follow, as Envoy and ESPv2 have it (the grammar's prose would
 * let nothing follow but the verb). The root alone is taken as they take it, though the grammar
 * wants a segment. Literals are compared decoded. A colon is the verb's in the last segment only.
 * Immutable.
 *
 * @see <a href="https://github.com/googleapis/googleapis/blob/master/google/api/http.proto">
 *     http.proto</a>
 */
public final class PathTemplate {
  /** What a segment of a path must be. */
  public enum Kind {
    /** Exactly this text. */
    LITERAL,
    /** One segment that is not empty. */
    ONE,
    /** Any number of segments. */
    ANY
  }

  /**
   * One segment of a template.
   *
   * @param kind what it matches
   * @param literal the decoded text of a literal; empty for the others
   */
  public record Segment(Kind kind, String literal) {
    static final Segment ONE = new Segment(Kind.ONE, "");
    static final Segment ANY = new Segment(Kind.ANY, "");

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
   * A part of the path that is a field of the request.
   *
   * @param fieldPath names of fields, from the request message inwards
   * @param start its first segment in the template
   * @param end the segment after its last
   * @param multiSegment whether it may hold slashes, so that an escaped one stays escaped
   */
  public record Variable(List<String> fieldPath, int start, int end, boolean multiSegment) {
    /** The path with dots, as the template has it. */
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
   * Reads a template.
   *
   * @throws InvalidTemplateException naming the template and the position
   */
  public static PathTemplate parse(String template) {
    return new PathTemplateParser(template).parse();
  }

  /** Segments from left to right, those within variables included. */
  public List<Segment> segments() {
    return segments;
  }

  /** Variables from left to right. */
  public List<Variable> variables() {
    return variables;
  }

  /** What follows the colon; empty for none. */
  public String verb() {
    return verb;
  }

  /** The template without its variables; two of the same shape match the same paths. */
  public String shape() {
    String path =
        segments.stream().map(Segment::toString).collect(Collectors.joining("/", "/", ""));
    return verb.isEmpty() ? path : path + ":" + verb;
  }

  /** The index of the {@code **}, or -1. */
  int anyIndex() {
    return any;
  }

  /** The first segment of a variable in a path of so many segments. */
  int startIn(Variable variable, int pathSegments) {
    return shifted(variable.start(), pathSegments);
  }

  /** The segment after the last of a variable in a path of so many segments. */
  int endIn(Variable variable, int pathSegments) {
    return shifted(variable.end(), pathSegments);
  }

  private int shifted(int index, int pathSegments) {
    return any < 0 || index <= any ? index : index + pathSegments - segments.size();
  }

  /** The text that was read. */
  @Override
  public String toString() {
    return text;
  }
}
