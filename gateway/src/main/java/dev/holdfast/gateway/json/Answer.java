package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.RequestRefusedException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;

/** A whole answer: its headers with :status, and its body, which is not copied. */
final class Answer {
  static final byte[] NOTHING = {};

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
    return json(why.httpStatus(), ErrorBody.json(why)).allowing(why.allow());
  }

  /** With the methods of HTTP that would do, if there are some. */
  Answer allowing(List<String> methods) {
    if (!methods.isEmpty()) {
      head.set("allow", String.join(", ", methods));
    }
    return this;
  }

  static Http2Headers head(int status, String contentType) {
    Http2Headers head = new DefaultHttp2Headers(false).status(Integer.toString(status));
    return contentType.isEmpty() ? head : head.set("content-type", contentType);
  }
}
