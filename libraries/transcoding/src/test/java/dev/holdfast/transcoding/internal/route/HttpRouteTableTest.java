package dev.holdfast.transcoding.internal.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

class HttpRouteTableTest {
  private static final Map<String, List<String>> SETS =
      Map.of(
          "shop",
          List.of(
              "/v1/shelves",
              "/v1/shelves/{shelf}",
              "/v1/{name=shelves/*/books/*}",
              "/v1/shelves:merge",
              "/v1/shelves/{shelf}:merge"),
          "order",
          List.of("/**", "/{p=**}/c", "/*/b/c", "/a/**", "/a/*/c", "/a/b/*", "/a/b/c"),
          "back",
          List.of("/a/{y}/c", "/{x}/b/d", "/{z=**}/f", "/a/{w=**}/s", "/a/b/e/h"),
          "espv2",
          List.of(
              "/a/{x=b/**}",
              "/a/{x=b/**}/z",
              "/a/{x=b/**}/y/z",
              "/a/{x=b/**}:verb",
              "/a/{x=**}",
              "/c/{x=*}/{y=d/**}/e",
              "/c/{x=*}/{y=d/**}/e:verb",
              "/f/{x=*}/{y=**}/g",
              "/f/{x=*}/{y=**}/g:verb",
              "/a/{x=b/*/y/z/**}/foo",
              "/a/{x=b/*/**/y/z}/foo"),
          "verbs",
          List.of("/{a=**}:verb", "/{a=**}", "/person/{id}"),
          "fixed",
          List.of(
              "/some/const:verb",
              "/some/*:verb",
              "/some/*/foo:verb",
              "/other/**:verb",
              "/other/**/const:verb",
              "/a%2Fb",
              "/x%3Ay",
              "/x:y:z",
              "/第一版"),
          "partial",
          List.of("/prefix/middle/suffix", "/prefix/middle", "/prefix"),
          "reserved",
          List.of("/a/{x=**}/c", "/b/{y}"),
          "bad",
          List.of("/a/{x}", "/a/b/c"));

  @ParameterizedTest
  @CsvFileSource(resources = "/routes/matches.txt", delimiter = '|', quoteCharacter = '`')
  void findsTheMostSpecificTemplate(String set, String path, String winner, String values) {
    String given = path.equals("''") ? "" : path.replaceAll("^'|'$", "");
    List<String> templates = new ArrayList<>(Objects.requireNonNull(SETS.get(set)));
    for (int order = 0; order < 4; order++) {
      Collections.shuffle(templates, new Random(order));
      assertThat(outcome(routes(templates), given))
          .as("added as %s", templates)
          .isEqualTo(winner + (values == null ? "" : " " + values));
    }
  }

  @Test
  void keepsReservedCharactersWhenAsked() {
    HttpRouteTable<String> routes = routes(List.of("/a/{x=**}"));
    HttpRouteMatch<String> match =
        Objects.requireNonNull(routes.find("GET", "/a/b%21%2Fc%20d%3a/e"));
    PathTemplate.Variable x = match.template().variables().get(0);
    assertThat(match.value(x, true)).isEqualTo("b%21%2Fc d%3a/e");
    assertThat(match.value(x, false)).isEqualTo("b!%2Fc d:/e");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/{a}, /v1/{b}, /v1/*",
    "/v1/*, /v1/{b=*}, /v1/*",
    "/v1/{a=b/*}, /v1/b/{c}, /v1/b/*",
    "/v1/**, /v1/{x=**}, /v1/**",
    "/{x=a/**}/c, /a/{x=**/c}, /a/**/c",
    "/a:b, /a:b, /a:b",
    "/a%62, /ab, /ab"
  })
  void twoMethodsOfOneShapeAreRefusedAndBothNamed(String one, String two, String shape) {
    HttpRouteTable.Builder<String> builder =
        HttpRouteTable.<String>builder().add("GET", PathTemplate.parse(one), "a.A.One", "one");
    assertThatThrownBy(() -> builder.add("GET", PathTemplate.parse(two), "a.B.Two", "two"))
        .isInstanceOf(RouteConflictException.class)
        .hasMessage("GET " + shape + ": asked for by a.A.One and a.B.Two (expected: one method)");
    assertThat(builder.addIfFree("GET", PathTemplate.parse(two), "a.B.Two", "two")).isFalse();
    assertThat(builder.addIfFree("PUT", PathTemplate.parse(two), "a.B.Two", "two")).isTrue();
  }

  @Test
  void exactHttpMethodGoesBeforeAny() {
    HttpRouteTable<String> routes =
        HttpRouteTable.<String>builder()
            .add("*", PathTemplate.parse("/a/b"), "o.Any", "any")
            .add("GET", PathTemplate.parse("/**"), "o.Get", "get")
            .add("HEAD", PathTemplate.parse("/a/{x}"), "o.Head", "head")
            .build();
    assertThat(Objects.requireNonNull(routes.find("GET", "/a/b")).target()).isEqualTo("get");
    assertThat(Objects.requireNonNull(routes.find("PUT", "/a/b")).target()).isEqualTo("any");
    assertThat(Objects.requireNonNull(routes.find("HEAD", "/a/b")).target()).isEqualTo("head");
    assertThat(routes.find("PUT", "/a/c")).isNull();
    assertThat(routes.find("get", "/a/c")).isNull();
    assertThat(routes.methodsOf("/a/c")).containsExactly("GET", "HEAD");
    assertThat(routes.methodsOf("/a/b")).containsExactly("*", "GET", "HEAD");
    assertThat(routes.methodsOf("x")).isEmpty();
  }

  @Test
  void pathsOfThousandsOfSegmentsAreSearchedOnce() {
    List<String> templates = new ArrayList<>();
    for (int depth = 1; depth < 40; depth++) {
      templates.add("/a".repeat(depth) + "/x");
      templates.add("/*".repeat(depth) + "/y" + depth);
      templates.add("/*/a".repeat(depth) + "/z");
    }
    templates.add("/{all=**}/end");
    HttpRouteTable<String> routes = routes(templates);
    String path = "/a".repeat(8000) + "/end";
    assertThat(outcome(routes, path))
        .isEqualTo("/{all=**}/end all=" + path.substring(1, path.length() - 4));
    assertThat(outcome(routes, path + "s")).isEqualTo("none");
  }

  private static HttpRouteTable<String> routes(List<String> templates) {
    HttpRouteTable.Builder<String> builder = HttpRouteTable.builder();
    templates.forEach(text -> builder.add("GET", PathTemplate.parse(text), "o." + text, text));
    return builder.build();
  }

  static String outcome(HttpRouteTable<String> routes, String path) {
    try {
      HttpRouteMatch<String> match = routes.find("GET", path);
      return match == null ? "none" : (match.target() + " " + values(match)).strip();
    } catch (RequestRefusedException e) {
      assertThat(e.httpStatus()).isEqualTo(400);
      assertThat(e.code()).isEqualTo(GrpcStatusCode.INVALID_ARGUMENT);
      return "refused";
    }
  }

  private static String values(HttpRouteMatch<String> match) {
    return match.template().variables().stream()
        .map(variable -> variable.name() + "=" + match.value(variable, false))
        .collect(Collectors.joining(" "));
  }
}
