package dev.holdfast.transcoding.http.openapi;

import dev.holdfast.transcoding.http.HttpBinding;
import dev.holdfast.transcoding.internal.route.PathTemplate;
import dev.holdfast.transcoding.internal.route.PathTemplate.Segment;
import dev.holdfast.transcoding.internal.route.PathTemplate.SegmentKind;
import dev.holdfast.transcoding.internal.route.PathTemplate.Variable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The path of a template in OpenAPI form: one parameter per wildcard, because OpenAPI parameters
 * can't contain slashes. Immutable.
 */
final class OpenApiPath {
  /** A sample segment value that matches any wildcard. */
  static final String EXAMPLE = "7~";

  private static final String PLAIN = "-._~!$&'()*+,;=@";

  /**
   * A wildcard of the path with its parameter.
   *
   * @param name of the parameter, unique within the path
   * @param segment of the template
   * @param variable that contains the wildcard; null for a wildcard without one
   * @param alone whether the wildcard is the whole variable, or has none
   */
  record Wildcard(String name, Segment segment, @Nullable Variable variable, boolean alone) {}

  private final PathTemplate template;
  private final List<Wildcard> wildcards = new ArrayList<>();

  OpenApiPath(HttpBinding binding) {
    this.template = PathTemplate.parse(binding.template());
    for (int i = 0; i < template.segments().size(); i++) {
      if (template.segments().get(i).kind() != SegmentKind.LITERAL) {
        wildcards.add(wildcard(i));
      }
    }
  }

  List<Wildcard> wildcards() {
    return wildcards;
  }

  /**
   * The path without parameter names, which is equal for templates that OpenAPI can't distinguish.
   */
  String shape() {
    return text(wildcards.stream().map(wildcard -> "{}").toList());
  }

  String withNames() {
    return text(wildcards.stream().map(wildcard -> "{" + wildcard.name() + "}").toList());
  }

  /** A sample request path that matches the template. */
  String example() {
    return text(wildcards.stream().map(wildcard -> EXAMPLE).toList());
  }

  private Wildcard wildcard(int index) {
    Segment segment = template.segments().get(index);
    for (Variable variable : template.variables()) {
      if (variable.start() <= index && index < variable.end()) {
        boolean alone = variable.end() - variable.start() == 1;
        String name = alone ? variable.name() : variable.name() + "." + (index - variable.start());
        return new Wildcard(name, segment, variable, alone);
      }
    }
    return new Wildcard("segment." + index, segment, null, true);
  }

  private String text(List<String> values) {
    StringBuilder path = new StringBuilder();
    int next = 0;
    for (Segment segment : template.segments()) {
      path.append('/');
      if (segment.kind() == SegmentKind.LITERAL) {
        escape(segment.literal(), path);
      } else {
        path.append(values.get(next++));
      }
    }
    if (template.segments().isEmpty()) {
      path.append('/');
    }
    if (!template.verb().isEmpty()) {
      escape(template.verb(), path.append(':'));
    }
    return path.toString();
  }

  /**
   * Appends a percent-encoded literal. Colons are encoded too, so that none is taken for a verb's.
   */
  private static void escape(String literal, StringBuilder path) {
    for (byte b : literal.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (letter || PLAIN.indexOf(c) >= 0) {
        path.append(c);
      } else {
        path.append('%').append("%02X".formatted((int) c));
      }
    }
  }
}
