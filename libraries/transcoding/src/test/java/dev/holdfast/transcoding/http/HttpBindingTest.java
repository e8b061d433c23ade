package dev.holdfast.transcoding.http;

import static org.assertj.core.api.Assertions.assertThat;

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
        "get: '/x' additional_bindings { body: '*' } | google.api.http: no pattern",
        "post: '/v1/x' body: 'payload.input_value' | body: payload.input_value (expected: a field",
        "get: '/v1/{a_string}/{a_string}' | variable a_string again (expected: each variable once)",
        "get: '/v1/{a_string}:custom:custom' | position 21: ':' (expected: a literal",
        "get: '/v1/{self.self.self.none}' | variable self.self.self.none: none (expected: a field",
        "post: '/v1/x' body: '*' response_body: 'self.genre' | response_body: self.genre (expected:"
      })
  void leavesOutBindingsThatDoNotFitAndNamesTheMethod(String rule, String problem) {
    HttpTranscoder transcoder = transcoder(rule);
    RejectedBinding rejected = transcoder.rejected().get(0);
    assertThat(transcoder.rejected()).hasSize(1);
    assertThat(rejected.file()).isEqualTo(ShopProto.getDescriptor().getFullName());
    assertThat(rejected.method()).isEqualTo("shop.v1.Shop/Echo");
    assertThat(rejected.reason()).contains(problem);
    assertEverythingElseIsServed(transcoder);
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

  /** Methods are taken by their names, whatever the order of files and services. */
  @Test
  void ofTwoMethodsThatWantTheSamePathsTheFirstHasThemAndBothAreNamed() {
    HttpTranscoder transcoder = transcoder("get: '/v1/{a_string=shelves/*}/books'");
    assertThat(transcoder.rejected())
        .extracting(RejectedBinding::toString)
        .containsExactly(
            ShopProto.getDescriptor().getFullName()
                + ": shop.v1.Shop/ListBooks: GET /v1/{parent=shelves/*}/books:"
                + " GET /v1/shelves/*/books: asked for by shop.v1.Shop/Echo and"
                + " shop.v1.Shop/ListBooks (expected: one method)");
    assertThat(method(transcoder, "GET", "/v1/shelves/1/books")).isEqualTo("Echo");
    assertThat(method(transcoder, "POST", "/shop.v1.Shop/ListBooks")).isEqualTo("ListBooks");
  }

  @Test
  void aBindingThatIsLostCostsNoOtherOfItsMethod() {
    HttpTranscoder transcoder =
        transcoder(
            "get: '/v1/{none}' additional_bindings { get: '/v1/one' } additional_bindings { get:"
                + " '/v1/{x' } additional_bindings { get: '/v1/one' } additional_bindings { get:"
                + " '/v1/two' additional_bindings { get: '/v1/three' } }");
    assertThat(transcoder.rejected())
        .extracting(RejectedBinding::binding)
        .containsExactly("GET /v1/{none}", "GET /v1/{x", "GET /v1/three", "GET /v1/one");
    assertThat(method(transcoder, "GET", "/v1/one")).isEqualTo("Echo");
    assertThat(method(transcoder, "GET", "/v1/two")).isEqualTo("Echo");
    assertEverythingElseIsServed(transcoder);
  }

  @Test
  void theRootIsAPathLikeAnyOther() {
    HttpTranscoder transcoder = transcoder("get: '/'");
    assertThat(transcoder.rejected()).isEmpty();
    assertThat(method(transcoder, "GET", "/")).isEqualTo("Echo");
    assertThat(transcoder.find("GET", "//")).isEmpty();
    assertThat(transcoder.find("POST", "/")).isEmpty();
  }

  private static void assertEverythingElseIsServed(HttpTranscoder transcoder) {
    assertThat(method(transcoder, "POST", "/shop.v1.Shop/Echo")).isEqualTo("Echo");
    assertThat(method(transcoder, "GET", "/v1/shelves/1/books")).isEqualTo("ListBooks");
  }

  private static String method(HttpTranscoder transcoder, String httpMethod, String path) {
    return transcoder
        .open(HttpRequestHead.of(httpMethod, path, "", ""))
        .method()
        .descriptor()
        .getName();
  }

  @Test
  void annotationMayTakeTheNameOfAnotherMethod() {
    HttpTranscoder transcoder = transcoder("post: '/shop.v1.Shop/GetBook' body: '*'");
    HttpCall call = transcoder.open(HttpRequestHead.of("POST", "/shop.v1.Shop/GetBook", "", ""));
    assertThat(call.method().descriptor().getName()).isEqualTo("Echo");
    call = transcoder.open(HttpRequestHead.of("POST", "/shop.v1.Shop/Echo", "", ""));
    assertThat(call.method().descriptor().getName()).isEqualTo("Echo");
  }

  @Test
  void everyHttpMethodReachesARuleForAny() {
    HttpTranscoder transcoder = transcoder("custom { kind: '*' path: '/v1/any/{a_string}' }");
    for (String method : List.of("GET", "POST", "BREW")) {
      assertThat(transcoder.open(HttpRequestHead.of(method, "/v1/any/x", "", "")).method().path())
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
