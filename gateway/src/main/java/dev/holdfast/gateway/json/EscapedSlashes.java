package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.gateway.route.MalformedPathException;
import dev.holdfast.gateway.route.PathNormalization;
import dev.holdfast.transcoding.http.RequestHead;
import dev.holdfast.transcoding.http.RequestRefusedException;

/**
 * Escaped slashes ({@code %2F}) for clients that expect a server to decode a path before it takes
 * it apart, as grpc-gateway does. A path that leads somewhere as it was sent keeps them; else they
 * become slashes before anything else reads the path, so that the route of a request is always that
 * of the path whose method is called.
 */
final class EscapedSlashes {
  private EscapedSlashes() {}

  /**
   * Gives the path of a request the form that counts.
   *
   * @throws MalformedPathException when slashes make dot segments
   */
  static void settle(WebExchange web, Places places) throws MalformedPathException {
    CharSequence path = web.path();
    if (PathNormalization.hasEscapedSlash(path) && !leadsSomewhere(web, places)) {
      web.headers().path(PathNormalization.withSlashes(path));
    }
  }

  private static boolean leadsSomewhere(WebExchange web, Places places) {
    try {
      var unused =
          places.json(web, RequestHead.of(Places.ANY_METHOD, String.valueOf(web.path()), "", ""));
      return true;
    } catch (RequestRefusedException e) {
      return !e.isNoSuchPath();
    } catch (UnknownSchemaException e) {
      // The request waits for the schema, and comes here again.
      return true;
    }
  }
}
