package dev.holdfast.gateway.http1;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/** Netty's encoder of answers over HTTP/1.1: one to HEAD has no body (RFC 9110, 9.3.2). */
public final class AnswerEncoder extends HttpResponseEncoder {
  private boolean head;

  /** The answer to a request with this method is next. */
  public void answers(HttpMethod method) {
    head = method.equals(HttpMethod.HEAD);
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpResponse response) {
    return head || super.isContentAlwaysEmpty(response);
  }
}
