package dev.holdfast.inprocess;

import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.Router;
import org.jspecify.annotations.Nullable;

/** A router without routes, because gRPC over HTTP/2 belongs to the server's own port. */
final class EmptyRouter implements Router {
  static final Router ROUTER = new EmptyRouter();

  private EmptyRouter() {}

  @Override
  public @Nullable Route find(RequestHead head) {
    return null;
  }

  @Override
  public String expectation() {
    return "HTTP/JSON, gRPC-Web or Connect; gRPC has the server's own port";
  }
}
