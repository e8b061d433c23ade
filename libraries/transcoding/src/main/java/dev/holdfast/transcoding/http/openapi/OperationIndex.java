package dev.holdfast.transcoding.http.openapi;

import dev.holdfast.transcoding.http.HttpBinding;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.internal.route.HttpRouteTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The operations of a document by path. Each binding is verified against the transcoders; one that
 * requests would not reach is listed as omitted.
 */
final class OperationIndex {
  /** The HTTP methods of OpenAPI 3.1; for a rule of any method, in the order of preference. */
  private static final List<String> METHODS =
      List.of("POST", "PUT", "PATCH", "GET", "DELETE", "HEAD", "OPTIONS", "TRACE");

  private final Map<String, HttpTranscoder> served;
  private final TranscoderRouting transcoderRouting;
  private final Map<String, Map<String, OpenApiOperation>> byPath = new TreeMap<>();
  private final Map<String, String> pathOfShape = new HashMap<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<String> omitted = new ArrayList<>();

  /**
   * The operations of some transcoders.
   *
   * @param served by name
   * @param transcoderRouting the routing to one of these names, or to another that is not described
   * @param byName whether methods with annotations are listed by name too
   */
  OperationIndex(
      Map<String, HttpTranscoder> served, TranscoderRouting transcoderRouting, boolean byName) {
    this.served = served;
    this.transcoderRouting = transcoderRouting;
    served.forEach(
        (name, transcoder) -> {
          Set<String> annotated = new HashSet<>();
          for (HttpBinding binding : transcoder.bindings()) {
            boolean named = binding.template().equals(binding.method().path());
            if (byName || !named || !annotated.contains(binding.method().fullName())) {
              add(name, transcoder, binding);
            }
            annotated.add(binding.method().fullName());
          }
        });
  }

  /** The operations by path, then by HTTP method in lower case. */
  Map<String, Map<String, OpenApiOperation>> byPath() {
    return byPath;
  }

  /** The served bindings that the document leaves out, each with the reason. */
  List<String> omitted() {
    return omitted;
  }

  private void add(String owner, HttpTranscoder transcoder, HttpBinding binding) {
    OpenApiPath path = new OpenApiPath(binding);
    String httpMethod = binding.httpMethod();
    boolean any = httpMethod.equals(HttpRouteTable.ANY_METHOD);
    if (!any && !METHODS.contains(httpMethod)) {
      omit(binding, "OpenAPI 3.1 has no method " + httpMethod);
      return;
    }
    if (isServedElsewhere(owner, transcoder, transcoderRouting.of(path.example()))) {
      return;
    }
    String reason = "";
    for (String each : any ? methodsFor(binding) : List.of(httpMethod)) {
      reason = otherwise(owner, binding, each, path.example());
      if (reason.isEmpty()) {
        put(new OpenApiOperation(id(binding.method().fullName()), transcoder, binding, each, path));
        return;
      }
    }
    omit(binding, reason);
  }

  /** Whether the path is routed to another transcoder with the same schema, which describes it. */
  private boolean isServedElsewhere(String owner, HttpTranscoder transcoder, Optional<String> led) {
    Optional<HttpTranscoder> other = led.filter(name -> !name.equals(owner)).map(served::get);
    return other.isPresent() && other.get().catalog().hash().equals(transcoder.catalog().hash());
  }

  private String id(String method) {
    int count = ids.merge(method, 1, Integer::sum);
    return count == 1 ? method : method + "." + count;
  }

  private static List<String> methodsFor(HttpBinding binding) {
    return binding.bodyKind() == HttpBinding.BodyKind.NONE
        ? List.of("GET", "POST", "PUT", "PATCH", "DELETE")
        : METHODS;
  }

  /** The reason why a request for the example would not reach the binding; "" when it would. */
  private String otherwise(String owner, HttpBinding binding, String httpMethod, String example) {
    Optional<String> led = transcoderRouting.of(example);
    if (led.isPresent() && !led.get().equals(owner)) {
      return "its path is routed to " + led.get() + ", not to " + owner;
    }
    for (Map.Entry<String, HttpTranscoder> each : served.entrySet()) {
      Optional<HttpBinding> found = each.getValue().find(httpMethod, example);
      boolean own = each.getKey().equals(owner);
      if (own && found.filter(binding::equals).isEmpty()) {
        return found
            .map(other -> "in OpenAPI its path is also that of " + other)
            .orElse("no request is routed there");
      }
      if (!own && led.isEmpty() && found.isPresent()) {
        return "its path is served by " + owner + " and " + each.getKey();
      }
    }
    return "";
  }

  private void put(OpenApiOperation openApiOperation) {
    String path =
        pathOfShape.computeIfAbsent(
            openApiOperation.path().shape(), s -> openApiOperation.path().withNames());
    OpenApiOperation other =
        byPath
            .computeIfAbsent(path, name -> new LinkedHashMap<>())
            .putIfAbsent(openApiOperation.httpMethod().toLowerCase(Locale.ROOT), openApiOperation);
    if (other != null) {
      omit(openApiOperation.binding(), "in OpenAPI its path is also that of " + other.binding());
    }
  }

  private void omit(HttpBinding binding, String why) {
    omitted.add(binding + ": " + why);
  }
}
