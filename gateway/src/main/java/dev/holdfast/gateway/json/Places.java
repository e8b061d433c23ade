package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.CallTarget;
import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.RequestHead;
import dev.holdfast.transcoding.http.RequestRefusedException;

/**
 * Where requests go. Thread-safe; what can't go anywhere is a {@link RequestRefusedException}, or
 * an {@link UnknownSchemaException}.
 */
interface Places {
  /** A method of HTTP that stands for whichever the path has. */
  String ANY_METHOD = "*";

  /** A place and what was found there. */
  record Found<T>(CallTarget place, T what) {}

  /** The call that a request of HTTP/JSON means. */
  Found<HttpCall> json(WebExchange web, RequestHead head);

  /** Where a method is that the request names by its path. */
  Found<HttpTranscoder> method(WebExchange web, String path);

  /** The same, where no schema is needed. */
  CallTarget place(WebExchange web, String path);

  /** What is served at the address of a request, to be described. */
  Offer offer(WebExchange web);

  /** HEAD is GET without the body, where it is nothing else (RFC 9110, 9.3.2). */
  static HttpCall open(HttpTranscoder transcoder, RequestHead head) {
    try {
      return transcoder.open(head);
    } catch (RequestRefusedException e) {
      boolean any = head.method().equals(ANY_METHOD) && !e.allow().isEmpty();
      if (!any && !(head.method().equals("HEAD") && e.allow().contains("GET"))) {
        throw e;
      }
      String method = e.allow().contains("GET") ? "GET" : e.allow().get(0);
      return transcoder.open(
          new RequestHead(method, head.path(), head.query(), head.contentType(), head.accept()));
    }
  }

  /** The transcoder, if it knows a method of this path. */
  static HttpTranscoder requireMethod(HttpTranscoder transcoder, String path) {
    if (transcoder.catalog().method(path.substring(1)).isEmpty()) {
      throw RequestRefusedException.noSuchPath(
          path + ": no such method (expected: one of the services')");
    }
    return transcoder;
  }
}
