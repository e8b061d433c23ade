package dev.holdfast.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathNormalizationTest {
  private static final String PIECES = "aZ9-._~!$&'()*+,;=:@[]/%2?\"<>^`{|}\u00fc\\# \t";

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\0',
      delimiter = ' ',
      value = {
        "/pay.v1.Pay/Charge /pay.v1.Pay/Charge",
        "/pay.v1.P%61y/Charge /pay.v1.Pay/Charge",
        "/pay%2Ev1.Pay/Charge /pay.v1.Pay/Charge",
        "/pay.v1.Pay%2fCharge /pay.v1.Pay%2FCharge",
        "/%7Ea%2D%5F%2e1 /~a-_.1",
        "/a%24b%3ac%5c /a%24b%3Ac%5C",
        "/a%2561 /a%2561",
        "/a//b/ /a//b/",
        "/{x}|\"^` /{x}|\"^`",
        "/\u00fc /\u00fc",
        "/a?%61=../.&b=%zz /a?%61=../.&b=%zz",
        "/.a/..b/.../c. /.a/..b/.../c.",
        "/%C3%BC%0a /%C3%BC%0A",
      })
  void hasOneForm(String target, String normal) throws Exception {
    assertThat(PathNormalization.normalize("GET", target)).hasToString(normal);
    assertThat(PathNormalization.normalize("GET", normal)).hasToString(normal);
  }

  @Test
  void escapedSlashesMaySeparateSegments() throws Exception {
    assertThat(PathNormalization.hasEscapedSlash("/a%2Fb?c")).isTrue();
    assertThat(PathNormalization.hasEscapedSlash("/a%252F/b?c%2F")).isFalse();
    assertThat(PathNormalization.withSlashes("/a%2Fb%2Fc%3A?d%2F")).hasToString("/a/b/c%3A?d%2F");
    assertThatThrownBy(() -> PathNormalization.withSlashes("/a%2F..%2Fb"))
        .isInstanceOf(MalformedPathException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "?connect=v1",
        "a",
        "*",
        "/..",
        "/a/../b",
        "/a/./b",
        "/a/.",
        "/a/%2e%2E/b",
        "/a/.%2e?b",
        "/a\\b",
        "/a#b",
        "/a?b#c",
        "/a b",
        "/a?b c",
        "/a\u0000",
        "/a?\u0001",
        "/a\u007f",
        "/%",
        "/%4",
        "/%zz",
        "/%\u0661\u0661",
        "/%00"
      })
  void refusesWhatOthersMayReadDifferently(String target) {
    assertThat(PathNormalization.isNormal(target)).isFalse();
    assertThatThrownBy(() -> PathNormalization.normalize("GET", target))
        .isInstanceOf(MalformedPathException.class)
        .hasMessageStartingWith("path: ")
        .hasMessageContaining("(expected: ");
  }

  @Test
  void leavesTheServerItselfToOptions() throws Exception {
    assertThat(PathNormalization.normalize("OPTIONS", "*")).hasToString("*");
  }

  @Test
  void saysQuicklyWhatItWouldSayAtLength() {
    Random random = new Random(15);
    for (int i = 0; i < 100_000; i++) {
      StringBuilder target = new StringBuilder("/");
      for (int j = random.nextInt(8); j > 0; j--) {
        target.append(PIECES.charAt(random.nextInt(PIECES.length())));
      }
      String normal = normal(target.toString());
      if (PathNormalization.isNormal(target)) {
        assertThat(normal).isEqualTo(target.toString());
      }
      if (normal != null) {
        assertThat(normal(normal)).as("twice").isEqualTo(normal);
      }
    }
  }

  @Test
  void methodsHaveNoEscapedSlashes() throws Exception {
    PathNormalization.requireMethodPath("/a/b%20?c=%2F");
    for (String path : List.of("/a%2Fb", "/a/b%25%5C")) {
      assertThatThrownBy(() -> PathNormalization.requireMethodPath(path))
          .isInstanceOf(MalformedPathException.class);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "/pay$/x /pay%24/x",
        "/pay%24/x /pay$/x",
        "/a%2fb/x /a%2Fb/x",
        "/%61/x /a/x",
        "/%2A/x /*/x",
        "/%7cx/x /|x/x",
        "/%fC/x /\u00fc/x",
        "/v1%3A** /v1:y/x",
      })
  void patternsFitWhatMeansTheSame(String pattern, String path) throws Exception {
    assertThat(route(pattern, path)).isEqualTo("strict");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {"/a/b/x /a%2Fb/x", "/%2A/x /y/x", "/a/x /%2561/x"})
  void patternsDoNotFitWhatMeansAnother(String pattern, String path) throws Exception {
    assertThat(route(pattern, path)).isEqualTo("lax");
  }

  private static String route(String pattern, String path) throws MalformedPathException {
    RouteTable table =
        new RouteTable(List.of(rule("strict", pattern), rule("lax", "/**")), size -> 0);
    CharSequence normal = PathNormalization.normalize("POST", path);
    Route found = table.find(TestRequest.of("any", normal.toString()));
    return found == null ? "" : found.name();
  }

  private static RouteRule rule(String name, String path) {
    RouteMatch match =
        new RouteMatch(AuthorityPattern.ANY, PathPattern.parse("path", path), List.of());
    return new RouteRule(name, match, RouteTarget.to(name), RouteOptions.DEFAULT);
  }

  private static @Nullable String normal(String target) {
    try {
      return PathNormalization.normalize("GET", target).toString();
    } catch (MalformedPathException e) {
      return null;
    }
  }
}
