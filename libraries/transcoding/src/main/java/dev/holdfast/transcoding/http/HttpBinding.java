package dev.holdfast.transcoding.http;

import com.google.api.HttpRule;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.holdfast.transcoding.internal.route.InvalidTemplateException;
import dev.holdfast.transcoding.internal.route.PathTemplate;
import dev.holdfast.transcoding.schema.RpcMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP binding of a gRPC method: an HTTP method, a path template, and the fields that path and
 * body map to. Immutable. Made from annotations and checked against the message types.
 */
public final class HttpBinding {
  /** The mapping of the request body. */
  public enum BodyKind {
    /** No body: fields that are not in the path are query parameters. */
    NONE,
    /** The body is the whole message; there are no query parameters. */
    MESSAGE,
    /** The body is a single field of the message; the other fields are query parameters. */
    FIELD
  }

  private static final String WHOLE_MESSAGE = "*";

  private final RpcMethod method;
  private final String httpMethod;
  private final PathTemplate template;
  private final List<List<FieldDescriptor>> variables;
  private final BodyKind bodyKind;
  private final @Nullable FieldDescriptor bodyField;
  private final @Nullable FieldDescriptor responseField;

  private HttpBinding(RpcMethod method, String httpMethod, String path, HttpRule rule) {
    this.method = method;
    this.httpMethod = httpMethod;
    this.template = template(method, path);
    this.variables = variables(method, template);
    String body = rule.getBody();
    this.bodyField =
        body.isEmpty() || body.equals(WHOLE_MESSAGE)
            ? null
            : topLevel(method, method.input(), "body", body);
    if (bodyField != null) {
      this.bodyKind = BodyKind.FIELD;
    } else {
      this.bodyKind = body.isEmpty() ? BodyKind.NONE : BodyKind.MESSAGE;
    }
    String response = rule.getResponseBody();
    this.responseField =
        response.isEmpty() || response.equals(WHOLE_MESSAGE)
            ? null
            : topLevel(method, method.output(), "response_body", response);
    for (List<FieldDescriptor> variable : variables) {
      if (variable.size() == 1 && variable.get(0) == bodyField) {
        throw new InvalidHttpRuleException(
            method.fullName(), "body: " + body + " (expected: no field of the path)");
      }
    }
  }

  /**
   * The bindings of a method's annotation and of its additional_bindings; empty without an
   * annotation.
   *
   * @param rejected receives each invalid binding; the other bindings stay valid
   */
  public static List<HttpBinding> annotated(RpcMethod method, Consumer<RejectedBinding> rejected) {
    List<HttpBinding> bindings = new ArrayList<>();
    method.http().ifPresent(rule -> add(method, rule, true, bindings, rejected));
    return bindings;
  }

  private static void add(
      RpcMethod method,
      HttpRule rule,
      boolean outer,
      List<HttpBinding> bindings,
      Consumer<RejectedBinding> rejected) {
    try {
      bindings.add(of(method, rule));
    } catch (InvalidHttpRuleException e) {
      rejected.accept(rejected(method, rule, e.problem()));
    }
    for (HttpRule additional : rule.getAdditionalBindingsList()) {
      if (outer) {
        add(method, additional, false, bindings, rejected);
      } else {
        String problem = "additional_bindings: nested (expected: one level)";
        rejected.accept(rejected(method, additional, problem));
      }
    }
  }

  private static RejectedBinding rejected(RpcMethod method, HttpRule rule, String problem) {
    String binding =
        switch (rule.getPatternCase()) {
          case GET -> "GET " + rule.getGet();
          case PUT -> "PUT " + rule.getPut();
          case POST -> "POST " + rule.getPost();
          case DELETE -> "DELETE " + rule.getDelete();
          case PATCH -> "PATCH " + rule.getPatch();
          case CUSTOM -> rule.getCustom().getKind() + " " + rule.getCustom().getPath();
          case PATTERN_NOT_SET -> "no pattern";
        };
    return new RejectedBinding(
        method.descriptor().getFile().getName(), method.fullName(), binding, problem);
  }

  /** This binding as a rejected one. */
  RejectedBinding rejected(String reason) {
    return new RejectedBinding(
        method.descriptor().getFile().getName(),
        method.fullName(),
        httpMethod + " " + template,
        reason);
  }

  /**
   * The default binding of every method: {@code POST /package.Service/Method} with the message as
   * body.
   */
  public static HttpBinding byName(RpcMethod method) {
    HttpRule rule = HttpRule.newBuilder().setBody(WHOLE_MESSAGE).build();
    return new HttpBinding(method, "POST", method.path(), rule);
  }

  private static HttpBinding of(RpcMethod method, HttpRule rule) {
    return switch (rule.getPatternCase()) {
      case GET -> new HttpBinding(method, "GET", rule.getGet(), rule);
      case PUT -> new HttpBinding(method, "PUT", rule.getPut(), rule);
      case POST -> new HttpBinding(method, "POST", rule.getPost(), rule);
      case DELETE -> new HttpBinding(method, "DELETE", rule.getDelete(), rule);
      case PATCH -> new HttpBinding(method, "PATCH", rule.getPatch(), rule);
      case CUSTOM -> custom(method, rule);
      case PATTERN_NOT_SET ->
          throw new InvalidHttpRuleException(
              method.fullName(), "google.api.http: no pattern (expected: get, put, post, ...)");
    };
  }

  private static HttpBinding custom(RpcMethod method, HttpRule rule) {
    String kind = rule.getCustom().getKind();
    if (!kind.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+")) {
      throw new InvalidHttpRuleException(
          method.fullName(), "custom.kind: '" + kind + "' (expected: an HTTP method or *)");
    }
    String httpMethod = kind.toUpperCase(Locale.ROOT);
    return new HttpBinding(method, httpMethod, rule.getCustom().getPath(), rule);
  }

  private static PathTemplate template(RpcMethod method, String path) {
    try {
      return PathTemplate.parse(path);
    } catch (InvalidTemplateException e) {
      throw new InvalidHttpRuleException(method.fullName(), String.valueOf(e.getMessage()));
    }
  }

  private static List<List<FieldDescriptor>> variables(RpcMethod method, PathTemplate template) {
    List<List<FieldDescriptor>> found = new ArrayList<>();
    for (PathTemplate.Variable variable : template.variables()) {
      List<FieldDescriptor> path = new ArrayList<>();
      Descriptor type = method.input();
      for (String name : variable.fieldPath()) {
        FieldDescriptor field = type == null ? null : type.findFieldByName(name);
        if (field == null || field.isRepeated()) {
          throw new InvalidHttpRuleException(
              method.fullName(),
              "template '%s', variable %s: %s (expected: a field of %s that is not repeated)"
                  .formatted(template, variable.name(), name, typeName(type)));
        }
        path.add(field);
        type = isMessage(field) ? field.getMessageType() : null;
      }
      if (!TextFieldWriter.acceptsText(path.get(path.size() - 1))) {
        throw new InvalidHttpRuleException(
            method.fullName(),
            "template '%s', variable %s: a message (expected: a field that text can hold)"
                .formatted(template, variable.name()));
      }
      found.add(List.copyOf(path));
    }
    return List.copyOf(found);
  }

  private static String typeName(@Nullable Descriptor type) {
    return type == null ? "a message" : type.getFullName();
  }

  private static boolean isMessage(FieldDescriptor field) {
    return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
  }

  private static FieldDescriptor topLevel(
      RpcMethod method, Descriptor type, String what, String name) {
    FieldDescriptor field = type.findFieldByName(name);
    if (field == null) {
      throw new InvalidHttpRuleException(
          method.fullName(),
          "%s: %s (expected: a field of %s, or *)".formatted(what, name, type.getFullName()));
    }
    return field;
  }

  /** The method that is called. */
  public RpcMethod method() {
    return method;
  }

  /** The HTTP method in upper case, or {@code *} for all methods. */
  public String httpMethod() {
    return httpMethod;
  }

  /** The query parameters that a request may have, for documents. */
  public QueryParameters queryParameters(TranscodingOptions options) {
    return QueryParameters.of(this, options);
  }

  /** The path template of the binding, as its rule has it (google.api.http). */
  public String template() {
    return template.toString();
  }

  PathTemplate pathTemplate() {
    return template;
  }

  /** The mapping of the request body. */
  public BodyKind bodyKind() {
    return bodyKind;
  }

  /** The field that the body maps to; null unless the kind is FIELD. */
  public @Nullable FieldDescriptor bodyField() {
    return bodyField;
  }

  /** The response field that becomes the body; null for the whole message. */
  public @Nullable FieldDescriptor responseField() {
    return responseField;
  }

  /** The field paths of the template's variables, each from the request message inwards. */
  List<List<FieldDescriptor>> variables() {
    return variables;
  }

  @Override
  public String toString() {
    return httpMethod + " " + template + " -> " + method;
  }
}
