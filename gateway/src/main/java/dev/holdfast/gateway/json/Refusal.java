package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.StatusCode;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebType;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The answer to a request that becomes no call, in the form of the protocol that it speaks. */
final class Refusal {
  static final int METHOD_NOT_ALLOWED = 405;
  static final int UNSUPPORTED_TYPE = 415;

  private static final String STREAM = "application/connect+";
  private static final Set<String> STREAMS = Set.of(STREAM + "json", STREAM + "proto");

  /** What HTTP itself has a word for; all else has the status of its code, as Connect says. */
  private static final Set<Integer> OF_HTTP = Set.of(404, METHOD_NOT_ALLOWED, UNSUPPORTED_TYPE);

  private Refusal() {}

  /**
   * The answer in the form of gRPC-Web, Connect or HTTP/JSON.
   *
   * @param connectGet whether the query makes it a GET of Connect
   */
  static Answer of(Http2Headers headers, RequestRefusedException why, boolean connectGet) {
    CharSequence type = headers.get("content-type");
    GrpcWebType grpcWeb = GrpcWebType.of(type == null ? "" : type.toString());
    if (grpcWeb != null) {
      return GrpcWebDialect.refusing(grpcWeb).refused(why);
    }
    return connectGet || isConnect(headers) ? ofConnect(headers, why) : Answer.refused(why);
  }

  /** Whether the headers are those of a POST of Connect, sound or not. */
  private static boolean isConnect(Http2Headers headers) {
    String type = type(headers);
    return type.startsWith(STREAM)
        || type.equals("application/proto")
        || headers.contains("connect-protocol-version");
  }

  /** What Connect's client gets: an error as body, or as the end of its stream. */
  private static Answer ofConnect(Http2Headers headers, RequestRefusedException why) {
    String type = type(headers);
    if (STREAMS.contains(type) && why.httpStatus() != METHOD_NOT_ALLOWED) {
      byte[] error = ConnectErrors.json(code(why), why.getMessage(), null);
      return new Answer(Answer.head(200, type), ConnectErrors.endStream(error, List.of()));
    }
    return ofUnary(why);
  }

  /** The same of a call of one message each way. */
  static Answer ofUnary(RequestRefusedException why) {
    StatusCode code = code(why);
    boolean ofHttp = OF_HTTP.contains(why.httpStatus()) && !isUnknownCompression(why);
    int status = ofHttp ? why.httpStatus() : code.httpStatus();
    Answer answer = Answer.json(status, ConnectErrors.json(code, why.getMessage(), null));
    return answer.allowing(why.allow());
  }

  /**
   * The code that Connect's clients make of the HTTP status when they read no body, so that both
   * say the same: unimplemented of 404, unknown of 405 and 415.
   */
  private static StatusCode code(RequestRefusedException why) {
    if (why.isNoSuchPath()) {
      return StatusCode.UNIMPLEMENTED;
    }
    boolean unknown = why.httpStatus() == METHOD_NOT_ALLOWED || isUnknownType(why);
    return unknown ? StatusCode.UNKNOWN : why.code();
  }

  /** Whether the content type is what was wrong. */
  static boolean isUnknownType(RequestRefusedException why) {
    return why.httpStatus() == UNSUPPORTED_TYPE && why.code() != StatusCode.UNIMPLEMENTED;
  }

  /** Has code and status of its own: Connect says unimplemented, whose status is 501. */
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
