package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;

/** What the headers of an upstream's answer say. */
final class ResponseHeaders {
  private ResponseHeaders() {}

  /** 100 to 199: another one follows. */
  static boolean isInformational(Http2Headers headers) {
    CharSequence status = headers.status();
    return status != null && status.length() == 3 && status.charAt(0) == '1';
  }

  /**
   * Whether it is no answer of gRPC: a grpc-status speaks for itself, else it takes status 200 and
   * the content type.
   */
  static boolean isForeign(Http2Headers headers, boolean end) {
    if (end && headers.contains(Names.GRPC_STATUS)) {
      return false;
    }
    CharSequence status = headers.status();
    if (status == null || !AsciiString.contentEquals(Names.OK, status)) {
      return !headers.contains(Names.GRPC_STATUS);
    }
    CharSequence type = headers.get(Names.CONTENT_TYPE);
    return type == null || !Names.isGrpc(type);
  }

  /** For a message. */
  static String describe(Http2Headers headers) {
    CharSequence type = headers.get(Names.CONTENT_TYPE);
    return "HTTP " + headers.status() + (type == null ? " without content-type" : " " + type);
  }
}
