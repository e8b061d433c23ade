package dev.holdfast.transcoding.internal.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

class PathTemplateTest {
  @ParameterizedTest
  @CsvFileSource(
      resources = "/routes/templates.txt",
      delimiter = '|',
      quoteCharacter = '`',
      emptyValue = "")
  void readsTemplate(String template, String segments, String variables, String verb) {
    PathTemplate read = PathTemplate.parse(template);
    assertThat(read.segments().stream().map(Object::toString).toList())
        .containsExactly(
            segments.contains("&'()+,;")
                ? new String[] {"-._~!$&'()+,;=@", "x"}
                : segments.split(","));
    assertThat(
            read.variables().stream().map(PathTemplateTest::text).collect(Collectors.joining(" ")))
        .isEqualTo(variables == null ? "" : variables);
    assertThat(read.verb()).isEqualTo(verb == null ? "" : verb);
    assertThat(read).hasToString(template);
  }

  @ParameterizedTest
  @CsvFileSource(resources = "/routes/template-rejects.txt", delimiter = '|', quoteCharacter = '"')
  void refusesTemplate(String template, int position, String message) {
    InvalidTemplateException failure = refused(template);
    assertThat(failure.position()).isEqualTo(position);
    assertThat(failure.template()).isEqualTo(template);
    assertThat(failure)
        .hasMessageStartingWith("template '" + template + "', position " + position + ": ")
        .hasMessageContaining(message);
  }

  @Test
  void theRootHasNoSegment() {
    PathTemplate root = PathTemplate.parse("/");
    assertThat(root.segments()).isEmpty();
    assertThat(root.shape()).isEqualTo("/");
  }

  @Test
  void shapeIsTheTemplateWithoutItsVariables() {
    assertThat(PathTemplate.parse("/v1/{name=a/*}/{b}/**/c:d").shape())
        .isEqualTo("/v1/a/*/*/**/c:d");
  }

  private static InvalidTemplateException refused(String template) {
    InvalidTemplateException failure =
        catchThrowableOfType(InvalidTemplateException.class, () -> PathTemplate.parse(template));
    assertThat(failure).as(template).isNotNull();
    return failure;
  }

  private static String text(PathTemplate.Variable variable) {
    return "%s[%d,%d)%s"
        .formatted(
            variable.name(), variable.start(), variable.end(), variable.multiSegment() ? "+" : "");
  }
}
