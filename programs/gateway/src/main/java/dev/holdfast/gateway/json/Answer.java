package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.RequestRefusedException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;

/** A complete response: the headers with :status, and the body, which is not copied. */
final class Answer {
  static final byte[] NOTHING = {};

  private static final String CHALLENGE = "www-authenticate";

  /**
   * The content type of a google.rpc.Status for clients whose protocol is unknown, as Google's
   * endpoints send it. Without the parameter it would be the type of Connect errors, and Connect
   * clients would parse the body as one.
   */
  private static final String JSON_OF_STATUS = "application/json; charset=utf-8";

  private final Http2Headers head;
  private final byte[] body;

  Answer(Http2Headers head, byte[] body) {
    this.head = head;
    this.body = body;
  }

  Http2Headers head() {
    return head;
  }

  byte[] body() {
    return body;
  }

  /** A response with a JSON body. */
  static Answer json(int status, byte[] body) {
    return new Answer(head(status, "application/json"), body);
  }

  /**
   * The response to a request that can't be translated to a call, as a google.rpc.Status in JSON.
   */
  static Answer refused(RequestRefusedException why) {
    boolean type = Refusal.isUnknownType(why);
    Http2Headers head = head(why.httpStatus(), type ? JSON_OF_STATUS : "application/json");
    if (why.httpStatus() == Refusal.UNSUPPORTED_TYPE && !type) {
      head.set("accept-encoding", "gzip, identity");
    }
    return new Answer(head, ErrorBody.json(why)).allowing(why.allow());
  }

  /** Adds the Allow header with the permitted HTTP methods, if there are any. */
  Answer allowing(List<String> methods) {
    if (!methods.isEmpty()) {
      head.set("allow", String.join(", ", methods));
    }
    return this;
  }

  /**
   * Adds a challenge to a 401 response (RFC 9110, 15.5.2): the service's, or Bearer.
   *
   * @param trailers of the service
   */
  Answer challenging(Http2Headers trailers) {
    if ("401".contentEquals(head.status()) && !head.contains(CHALLENGE)) {
      CharSequence own = trailers.get(CHALLENGE);
      head.set(CHALLENGE, own == null ? "Bearer" : own);
    }
    return this;
  }

  static Http2Headers head(int status, String contentType) {
    Http2Headers head = new DefaultHttp2Headers(false).status(Integer.toString(status));
    return contentType.isEmpty() ? head : head.set("content-type", contentType);
  }
}
