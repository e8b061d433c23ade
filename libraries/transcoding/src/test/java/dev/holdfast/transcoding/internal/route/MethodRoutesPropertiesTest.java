package dev.holdfast.transcoding.internal.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.transcoding.internal.route.PathTemplate.Segment;
import dev.holdfast.transcoding.internal.route.PathTemplate.SegmentKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** The trie against a matcher that tries every template and compares the winners by the rules. */
class MethodRoutesPropertiesTest {
  @Property(tries = 3000)
  void trieAgreesWithTheNaiveMatcher(
      @ForAll("templates") List<String> templates, @ForAll("path") String path) {
    Map<String, PathTemplate> byShape = new LinkedHashMap<>();
    templates.stream()
        .map(PathTemplate::parse)
        .forEach(template -> byShape.putIfAbsent(template.shape(), template));
    HttpRouteTable.Builder<String> builder = HttpRouteTable.builder();
    byShape.forEach((shape, template) -> builder.add("GET", template, shape, shape));

    HttpRouteMatch<String> match = builder.build().find("GET", path);

    PathTemplate expected = naive(new ArrayList<>(byShape.values()), path);
    assertThat(match == null ? null : match.template()).isSameAs(expected);
    if (match != null) {
      List<String> parts = parts(match.template(), path);
      for (PathTemplate.Variable variable : match.template().variables()) {
        assertThat(match.value(variable, false)).isEqualTo(parts.get(variable.start()));
      }
    }
  }

  @Provide
  Arbitrary<List<String>> templates() {
    Arbitrary<String> segment = Arbitraries.of("a", "b", "a:b", "*", "*", "{x%d}", "**");
    Arbitrary<String> verb = Arbitraries.of("", "", "", ":a", ":v");
    Arbitrary<String> template =
        Combinators.combine(segment.list().ofMinSize(1).ofMaxSize(5), verb)
            .as(MethodRoutesPropertiesTest::template);
    return template.list().ofMinSize(1).ofMaxSize(12);
  }

  @Provide
  Arbitrary<String> path() {
    Arbitrary<String> segment = Arbitraries.of("a", "b", "a:b", "c", "", "b:v", ":a");
    return segment.list().ofMaxSize(6).map(parts -> "/" + String.join("/", parts));
  }

  private static String template(List<String> parts, String verb) {
    StringBuilder text = new StringBuilder();
    boolean any = false;
    for (int i = 0; i < parts.size(); i++) {
      String part = parts.get(i).formatted(i);
      boolean wild = part.startsWith("*") || part.startsWith("{");
      boolean last = i == parts.size() - 1;
      text.append('/').append((any && wild) || (last && part.equals("a:b")) ? "b" : part);
      any |= part.equals("**");
    }
    return text + verb;
  }

  private static @Nullable PathTemplate naive(List<PathTemplate> templates, String path) {
    PathTemplate best = null;
    for (PathTemplate template : templates) {
      if (matches(template, path) && (best == null || better(template, best))) {
        best = template;
      }
    }
    return best;
  }

  private static boolean matches(PathTemplate template, String path) {
    boolean verbFits =
        template.verb().isEmpty()
            || path.substring(path.lastIndexOf('/')).endsWith(":" + template.verb());
    return verbFits && matches(template.segments(), parts(template, path));
  }

  private static boolean matches(List<Segment> segments, List<String> parts) {
    if (segments.isEmpty()) {
      return parts.isEmpty();
    }
    Segment head = segments.get(0);
    List<Segment> tail = segments.subList(1, segments.size());
    if (head.kind() == SegmentKind.ANY) {
      for (int skip = 0; skip <= parts.size(); skip++) {
        if (matches(tail, parts.subList(skip, parts.size()))) {
          return true;
        }
      }
      return false;
    }
    if (parts.isEmpty()) {
      return false;
    }
    boolean fits =
        head.kind() == SegmentKind.ONE
            ? !parts.get(0).isEmpty()
            : head.literal().equals(parts.get(0));
    return fits && matches(tail, parts.subList(1, parts.size()));
  }

  /** Verb first; then by the first segment that differs; after ** by the longer rest. */
  private static boolean better(PathTemplate one, PathTemplate other) {
    if (one.verb().isEmpty() != other.verb().isEmpty()) {
      return !one.verb().isEmpty();
    }
    for (int i = 0; i < one.segments().size() && i < other.segments().size(); i++) {
      SegmentKind mine = one.segments().get(i).kind();
      SegmentKind theirs = other.segments().get(i).kind();
      if (mine != theirs) {
        return mine.compareTo(theirs) < 0;
      }
      if (mine == SegmentKind.ANY) {
        return one.segments().size() > other.segments().size();
      }
    }
    return one.segments().size() < other.segments().size();
  }

  private static List<String> parts(PathTemplate template, String path) {
    int verb = template.verb().isEmpty() ? 0 : template.verb().length() + 1;
    String rest = path.substring(0, path.length() - verb);
    return path.equals("/") ? List.of() : List.of(rest.substring(1).split("/", -1));
  }
}
