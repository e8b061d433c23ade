package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;

/** A complete response: the headers with :status, and the body, which is not copied. */
public final class FrontendResponse {
  /** The HTTP status Method Not Allowed (RFC 9110, 15.5.6). */
  public static final int METHOD_NOT_ALLOWED = 405;

  /** The HTTP status Unsupported Media Type (RFC 9110, 15.5.16). */
  public static final int UNSUPPORTED_TYPE = 415;

  public static final byte[] NOTHING = {};

  /** The HTTP status of a response without content, which has no length either (RFC 9110, 8.6). */
  static final String NO_CONTENT = "204";

  private static final String CHALLENGE = "www-authenticate";

  /**
   * The content type of a google.rpc.Status for clients whose protocol is unknown, as Google's
   * endpoints send it. Without the parameter it would be the type of Connect errors, and Connect
   * clients would parse the body as one.
   */
  private static final String JSON_OF_STATUS = "application/json; charset=utf-8";

  private final Http2Headers head;
  private final byte[] body;

  public FrontendResponse(Http2Headers head, byte[] body) {
    this.head = head;
    this.body = body;
  }

  public Http2Headers head() {
    return head;
  }

  public byte[] body() {
    return body;
  }

  /** A response with a JSON body. */
  public static FrontendResponse json(int status, byte[] body) {
    return new FrontendResponse(head(status, "application/json"), body);
  }

  /**
   * The response to a request that can't be translated to a call, as a google.rpc.Status in JSON.
   */
  public static FrontendResponse refused(RequestRefusedException why) {
    boolean type = isUnknownType(why);
    Http2Headers head = head(why.httpStatus(), type ? JSON_OF_STATUS : "application/json");
    if (why.httpStatus() == UNSUPPORTED_TYPE && !type) {
      head.set("accept-encoding", "gzip, identity");
    }
    return new FrontendResponse(head, ErrorBody.json(why)).allowing(why.allow());
  }

  /** A response without content, which tells an EventSource not to come back. */
  public static FrontendResponse noContent() {
    return new FrontendResponse(
        head(Integer.parseInt(NO_CONTENT), "").set("cache-control", "no-store"), NOTHING);
  }

  /** Whether the content type of a refused request is the cause. */
  public static boolean isUnknownType(RequestRefusedException why) {
    return why.httpStatus() == UNSUPPORTED_TYPE && why.code() != GrpcStatusCode.UNIMPLEMENTED;
  }

  /** Adds the Allow header with the permitted HTTP methods, if there are any. */
  public FrontendResponse allowing(List<String> methods) {
    if (!methods.isEmpty()) {
      head.set("allow", String.join(", ", methods));
    }
    return this;
  }

  /**
   * The head of a response whose messages are sent one by one. nginx, in whose default settings a
   * proxy holds what comes until a buffer of some kilobytes is full, sends it on at once.
   */
  public static Http2Headers streamHead(String contentType) {
    return head(200, contentType).set("x-accel-buffering", "no");
  }

  /**
   * Adds a challenge to a 401 response (RFC 9110, 15.5.2): the service's, or Bearer.
   *
   * @param trailers of the service
   */
  FrontendResponse challenging(Http2Headers trailers) {
    if ("401".contentEquals(head.status()) && !head.contains(CHALLENGE)) {
      CharSequence own = trailers.get(CHALLENGE);
      head.set(CHALLENGE, own == null ? "Bearer" : own);
    }
    return this;
  }

  public static Http2Headers head(int status, String contentType) {
    Http2Headers head = new DefaultHttp2Headers(false).status(Integer.toString(status));
    return contentType.isEmpty() ? head : head.set("content-type", contentType);
  }
}
