package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.StatusCode;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebType;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Error responses to requests that become no call, in the format of the request's protocol. */
final class Refusal {
  static final int METHOD_NOT_ALLOWED = 405;
  static final int UNSUPPORTED_TYPE = 415;

  private static final String STREAM = "application/connect+";
  private static final Set<String> STREAMS = Set.of(STREAM + "json", STREAM + "proto");

  /**
   * The HTTP statuses that are kept in Connect errors. Other errors have the HTTP status of their
   * code, as Connect specifies.
   */
  private static final Set<Integer> OF_HTTP = Set.of(404, METHOD_NOT_ALLOWED, UNSUPPORTED_TYPE);

  private Refusal() {}

  /**
   * The response in the format of gRPC-Web, Connect or HTTP/JSON.
   *
   * @param connectGet whether the request is a Connect GET
   */
  static Answer of(Http2Headers headers, RequestRefusedException why, boolean connectGet) {
    CharSequence type = headers.get("content-type");
    GrpcWebType grpcWeb = GrpcWebType.of(type == null ? "" : type.toString());
    if (grpcWeb != null) {
      return GrpcWebDialect.refusing(grpcWeb).refused(why);
    }
    return connectGet || isConnect(headers) ? ofConnect(headers, why) : Answer.refused(why);
  }

  /** Whether the headers are those of a Connect POST, well-formed or not. */
  private static boolean isConnect(Http2Headers headers) {
    String type = type(headers);
    return type.startsWith(STREAM)
        || type.equals("application/proto")
        || headers.contains("connect-protocol-version");
  }

  /** A Connect error: as the body, or as the end of the stream. */
  private static Answer ofConnect(Http2Headers headers, RequestRefusedException why) {
    String type = type(headers);
    if (STREAMS.contains(type) && why.httpStatus() != METHOD_NOT_ALLOWED) {
      byte[] error = ConnectErrors.json(code(why), why.getMessage(), null);
      return new Answer(Answer.head(200, type), ConnectErrors.endStream(error, List.of()));
    }
    return ofUnary(why);
  }

  /** The error of a Connect unary call. */
  static Answer ofUnary(RequestRefusedException why) {
    StatusCode code = code(why);
    boolean ofHttp = OF_HTTP.contains(why.httpStatus()) && !isUnknownCompression(why);
    int status = ofHttp ? why.httpStatus() : code.httpStatus();
    Answer answer = Answer.json(status, ConnectErrors.json(code, why.getMessage(), null));
    return answer.allowing(why.allow());
  }

  /**
   * The code that Connect clients infer from the HTTP status when they read no body, so that both
   * agree: unimplemented for 404, unknown for 405 and 415.
   */
  private static StatusCode code(RequestRefusedException why) {
    if (why.isNoSuchPath()) {
      return StatusCode.UNIMPLEMENTED;
    }
    boolean unknown = why.httpStatus() == METHOD_NOT_ALLOWED || isUnknownType(why);
    return unknown ? StatusCode.UNKNOWN : why.code();
  }

  /** Whether the content type is the cause. */
  static boolean isUnknownType(RequestRefusedException why) {
    return why.httpStatus() == UNSUPPORTED_TYPE && why.code() != StatusCode.UNIMPLEMENTED;
  }

  /**
   * Whether the compression is the cause. Connect specifies unimplemented for that, whose HTTP
   * status is 501.
   */
  private static boolean isUnknownCompression(RequestRefusedException why) {
    return why.httpStatus() == UNSUPPORTED_TYPE && why.code() == StatusCode.UNIMPLEMENTED;
  }

  private static String type(Http2Headers headers) {
    CharSequence value = headers.get("content-type");
    String text = value == null ? "" : value.toString();
    int semicolon = text.indexOf(';');
    return (semicolon < 0 ? text : text.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
  }
}
