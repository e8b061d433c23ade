package dev.holdfast.transcoding.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.TextFormat;
import dev.holdfast.transcoding.http.HttpBinding.BodyKind;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.shop.ShopProto;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpBindingTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "get: '/v1/{none}' | template '/v1/{none}', variable none: none (expected: a field of"
            + " shop.v1.Everything that is not repeated)",
        "get: '/v1/{self.none}' | variable self.none: none (expected: a field of"
            + " shop.v1.Everything",
        "get: '/v1/{ints}' | variable ints: ints (expected: a field",
        "get: '/v1/{strings_by_name}' | (expected: a field of shop.v1.Everything that is not"
            + " repeated)",
        "get: '/v1/{books.name}' | variable books.name: books (expected:",
        "get: '/v1/{a_string.x}' | variable a_string.x: x (expected: a field of a message",
        "get: '/v1/{self}' | variable self: a message (expected: a field that text can hold)",
        "get: '/v1/{struct}' | variable struct: a message",
        "get: '/v1/{aString}' | variable aString: aString (expected: a field",
        "get: '/v1/{x' | template '/v1/{x', position 6: the end (expected: '}')",
        "get: '' | template '', position 0",
        "post: '/v1/x' body: 'none' | body: none (expected: a field of shop.v1.Everything, or *)",
        "post: '/v1/x' body: 'self.self' | body: self.self (expected: a field",
        "post: '/v1/{a_string}' body: 'a_string' | body: a_string (expected: no field of the path)",
        "post: '/v1/x' response_body: 'none' | response_body: none (expected: a field of"
            + " shop.v1.Everything, or *)",
        "custom { kind: '' path: '/x' } | custom.kind: '' (expected: an HTTP method or *)",
        "custom { kind: 'A B' path: '/x' } | custom.kind: 'A B'",
        "body: '*' | google.api.http: no pattern",
        "get: '/x' additional_bindings { get: '/y' additional_bindings { get: '/z' } } |"
            + " additional_bindings: nested (expected: one level)",
        "get: '/x' additional_bindings { body: '*' } | google.api.http: no pattern"
      })
  void refusesRulesThatDoNotFitAndNamesTheMethod(String rule, String problem) {
    assertThatThrownBy(() -> transcoder(rule))
        .isInstanceOf(InvalidHttpRuleException.class)
        .hasMessageStartingWith("shop.v1.Shop/Echo: ")
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "get: '/v1/{timestamp}/{string_value}/{self.self.genre}' | GET | NONE",
        "put: '/v1/x' body: '*' | PUT | MESSAGE",
        "delete: '/v1/x' body: 'ints' | DELETE | FIELD",
        "patch: '/v1/{self.a_string}' body: 'self' response_body: 'self' | PATCH | FIELD",
        "custom { kind: 'purge' path: '/v1/x' } | PURGE | NONE",
        "custom { kind: '*' path: '/v1/x' } | * | NONE"
      })
  void takesTheOthers(String rule, String httpMethod, BodyKind body) {
    HttpBinding binding =
        transcoder(rule).bindings().stream()
            .filter(candidate -> candidate.method().descriptor().getName().equals("Echo"))
            .findFirst()
            .orElseThrow();
    assertThat(binding.httpMethod()).isEqualTo(httpMethod);
    assertThat(binding.bodyKind()).isEqualTo(body);
  }

  @Test
  void twoMethodsThatWantTheSamePathsAreNamed() {
    assertThatThrownBy(() -> transcoder("get: '/v1/{a_string=shelves/*}/books'"))
        .isInstanceOf(RouteConflictException.class)
        .hasMessage(
            "GET /v1/shelves/*/books: asked for by shop.v1.Shop/Echo and shop.v1.Shop/ListBooks"
                + " (expected: one method)");
  }

  @Test
  void annotationMayTakeTheNameOfAnotherMethod() {
    HttpTranscoder transcoder = transcoder("post: '/shop.v1.Shop/GetBook' body: '*'");
    HttpCall call = transcoder.open(RequestHead.of("POST", "/shop.v1.Shop/GetBook", "", ""));
    assertThat(call.method().descriptor().getName()).isEqualTo("Echo");
    call = transcoder.open(RequestHead.of("POST", "/shop.v1.Shop/Echo", "", ""));
    assertThat(call.method().descriptor().getName()).isEqualTo("Echo");
  }

  @Test
  void everyHttpMethodReachesARuleForAny() {
    HttpTranscoder transcoder = transcoder("custom { kind: '*' path: '/v1/any/{a_string}' }");
    for (String method : List.of("GET", "POST", "BREW")) {
      assertThat(transcoder.open(RequestHead.of(method, "/v1/any/x", "", "")).method().path())
          .isEqualTo("/shop.v1.Shop/Echo");
    }
  }

  /** The shop, with another annotation at Echo. */
  private static HttpTranscoder transcoder(String rule) {
    FileDescriptorProto.Builder file = ShopProto.getDescriptor().toProto().toBuilder();
    file.getServiceBuilder(0).getMethodBuilderList().stream()
        .filter(method -> method.getName().equals("Echo"))
        .forEach(
            method -> method.getOptionsBuilder().setExtension(AnnotationsProto.http, parsed(rule)));
    return HttpTranscoder.of(ServiceCatalog.of(List.of(file.build())));
  }

  private static HttpRule parsed(String rule) {
    try {
      return TextFormat.parse(rule, HttpRule.class);
    } catch (TextFormat.ParseException e) {
      throw new IllegalArgumentException(rule, e);
    }
  }
}
