package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.route.MalformedPathException;
import dev.holdfast.gateway.route.PathNormalization;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.status.RequestRefusedException;

/**
 * Handling of escaped slashes ({@code %2F}) for clients that expect decoding before routing, as in
 * grpc-gateway. A path that matches as it was sent keeps them. Otherwise they become slashes before
 * anything else reads the path, so that routing and method lookup use the same path.
 */
final class EscapedSlashes {
  private EscapedSlashes() {}

  /**
   * Decodes the escaped slashes of a request's path, if the path does not match as it is.
   *
   * @throws MalformedPathException when decoding creates dot segments
   */
  static void settle(HttpExchange web, MethodRouter methodRouter) throws MalformedPathException {
    CharSequence path = web.path();
    if (PathNormalization.hasEscapedSlash(path) && !leadsSomewhere(web, methodRouter)) {
      web.headers().path(PathNormalization.withSlashes(path));
    }
  }

  private static boolean leadsSomewhere(HttpExchange web, MethodRouter methodRouter) {
    try {
      var unused =
          methodRouter.json(
              web, HttpRequestHead.of(MethodRouter.ANY_METHOD, String.valueOf(web.path()), "", ""));
      return true;
    } catch (RequestRefusedException e) {
      return !e.isNoSuchPath();
    } catch (UnknownSchemaException e) {
      // The request waits for the schema, and comes here again.
      return true;
    }
  }
}
