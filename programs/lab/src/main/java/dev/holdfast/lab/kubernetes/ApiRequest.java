package dev.holdfast.lab.kubernetes;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A request that the server got.
 *
 * @param verb what a role must allow for it
 * @param resource the kind of the objects
 * @param namespace "" for all of them
 * @param name "" but for {@link ApiVerb#GET}
 * @param parameters the query, such as {@code resourceVersion}
 * @param user who asked, as the server sees it; "" when it could not tell
 * @param http2 whether it came over HTTP/2
 * @param receivedNanos when, by {@link System#nanoTime()}
 */
public record ApiRequest(
    ApiVerb verb,
    ApiResource resource,
    String namespace,
    String name,
    Map<String, String> parameters,
    String user,
    boolean http2,
    long receivedNanos) {
  private static final String NAMESPACES = "namespaces";

  /** The value of a query parameter; "" when it is not there. */
  public String parameter(String key) {
    return parameters.getOrDefault(key, "");
  }

  ApiRequest by(String value) {
    return new ApiRequest(verb, resource, namespace, name, parameters, value, http2, receivedNanos);
  }

  /** Reads the target of a GET; empty when nothing lives there. */
  static Optional<ApiRequest> parse(String target, boolean http2) {
    QueryStringDecoder decoder = new QueryStringDecoder(target);
    Map<String, String> parameters = new TreeMap<>();
    decoder.parameters().forEach((key, values) -> parameters.put(key, values.get(0)));
    for (ApiResource resource : ApiResource.values()) {
      if (decoder.path().startsWith(resource.root() + "/")) {
        String rest = decoder.path().substring(resource.root().length() + 1);
        Optional<ApiRequest> request =
            parse(resource, List.of(rest.split("/", -1)), parameters, http2);
        if (request.isPresent()) {
          return request;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<ApiRequest> parse(
      ApiResource resource, List<String> path, Map<String, String> parameters, boolean http2) {
    boolean namespaced = path.size() >= 3 && path.get(0).equals(NAMESPACES);
    List<String> rest = namespaced ? path.subList(2, path.size()) : path;
    boolean named = namespaced && rest.size() == 2;
    if (!rest.get(0).equals(resource.plural()) || (rest.size() != 1 && !named)) {
      return Optional.empty();
    }
    String watch = parameters.getOrDefault("watch", "");
    ApiVerb verb =
        watch.equals("true") || watch.equals("1")
            ? ApiVerb.WATCH
            : named ? ApiVerb.GET : ApiVerb.LIST;
    return Optional.of(
        new ApiRequest(
            verb,
            resource,
            namespaced ? path.get(1) : "",
            named ? rest.get(1) : "",
            Collections.unmodifiableMap(parameters),
            "",
            http2,
            System.nanoTime()));
  }
}
