package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.RequestRefusedException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;

/** A whole answer: its headers with :status, and its body, which is not copied. */
final class Answer {
  static final byte[] NOTHING = {};

  private static final String CHALLENGE = "www-authenticate";

  /**
   * The type of a google.rpc.Status for clients whose protocol is not known, as Google's own
   * endpoints write it. Without the parameter it would be the type of Connect's errors, whose
   * clients would read this as one of them.
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

  /** Of JSON. */
  static Answer json(int status, byte[] body) {
    return new Answer(head(status, "application/json"), body);
  }

  /** What a request gets that can't be turned into a call. */
  static Answer refused(RequestRefusedException why) {
    boolean type = Refusal.isUnknownType(why);
    Http2Headers head = head(why.httpStatus(), type ? JSON_OF_STATUS : "application/json");
    if (why.httpStatus() == Refusal.UNSUPPORTED_TYPE && !type) {
      head.set("accept-encoding", "gzip, identity");
    }
    return new Answer(head, ErrorBody.json(why)).allowing(why.allow());
  }

  /** With the methods of HTTP that would do, if there are some. */
  Answer allowing(List<String> methods) {
    if (!methods.isEmpty()) {
      head.set("allow", String.join(", ", methods));
    }
    return this;
  }

  /**
   * With a challenge, where HTTP wants one (RFC 9110, 15.5.2): that of the service, or Bearer.
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
