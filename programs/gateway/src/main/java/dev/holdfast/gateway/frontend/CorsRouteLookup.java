package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.Route;
import org.jspecify.annotations.Nullable;

/**
 * Finds the route whose CORS policy applies to a request, as for a request without headers. A
 * preflight lacks the headers of the actual request, and both must have the same policy.
 */
record CorsRouteLookup(HttpExchange web) implements RequestHead {
  /**
   * The settings for a request from a page: with the CORS policy of its route, if the route has
   * one.
   */
  static FrontendOptions terms(HttpExchange web, FrontendOptions all) {
    Route route = web.loop().snapshot().router().find(new CorsRouteLookup(web));
    return route == null ? all : route.options().cors().map(all::withCors).orElse(all);
  }

  @Override
  public CharSequence path() {
    return web.path();
  }

  @Override
  public CharSequence authority() {
    return web.authority();
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return null;
  }
}
