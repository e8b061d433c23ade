package dev.holdfast.gateway.http1;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/**
 * Netty's encoder of HTTP/1.1 responses, which omits the body of a response to HEAD (RFC 9110,
 * 9.3.2).
 */
public final class Http1ResponseEncoder extends HttpResponseEncoder {
  private boolean head;

  /** Sets the method of the request whose response is encoded next. */
  public void onRequest(HttpMethod method) {
    head = method.equals(HttpMethod.HEAD);
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpResponse response) {
    return head || super.isContentAlwaysEmpty(response);
  }
}
