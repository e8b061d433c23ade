package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.frontend.openapi.OpenApiSource;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.status.RequestRefusedException;

/**
 * Router of translated requests to call targets. Thread-safe. Throws {@link
 * RequestRefusedException} where no target exists, and {@link UnknownSchemaException} where the
 * schema is not known yet.
 */
interface MethodRouter {
  /** The wildcard that matches whichever HTTP method the path has. */
  String ANY_METHOD = "*";

  /** A call target with the transcoder or call found there. */
  record RoutedMethod<T>(CallTarget target, T what) {}

  /** The call that an HTTP/JSON request maps to. */
  RoutedMethod<HttpCall> json(HttpExchange web, HttpRequestHead head);

  /** The target of the gRPC method in a request's path, with the transcoder that knows it. */
  RoutedMethod<HttpTranscoder> method(HttpExchange web, String path);

  /** The target of a gRPC path, where no schema is needed. */
  CallTarget target(HttpExchange web, String path);

  /** The services at a request's authority, for their OpenAPI document. */
  OpenApiSource openApiSource(HttpExchange web);

  /** Opens a call. HEAD is handled as GET where the path has no HEAD binding (RFC 9110, 9.3.2). */
  static HttpCall open(HttpTranscoder transcoder, HttpRequestHead head) {
    try {
      return transcoder.open(head);
    } catch (RequestRefusedException e) {
      boolean any = head.method().equals(ANY_METHOD) && !e.allow().isEmpty();
      if (!any && !(head.method().equals("HEAD") && e.allow().contains("GET"))) {
        throw e;
      }
      String method = e.allow().contains("GET") ? "GET" : e.allow().get(0);
      return transcoder.open(
          new HttpRequestHead(
              method, head.path(), head.query(), head.contentType(), head.accept()));
    }
  }

  /**
   * The given transcoder, if it has a method of the path.
   *
   * @throws RequestRefusedException when it has no method of this path
   */
  static HttpTranscoder requireMethod(HttpTranscoder transcoder, String path) {
    if (transcoder.catalog().method(path.substring(1)).isEmpty()) {
      throw RequestRefusedException.noSuchPath(
          path + ": no such method (expected: one of the services')");
    }
    return transcoder;
  }
}
