package dev.holdfast.gateway.frontend.connect;

import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Error responses of the Connect protocol to requests that become no call. */
public final class ConnectErrorResponse {
  private static final String STREAM = "application/connect+";
  private static final Set<String> STREAMS = Set.of(STREAM + "json", STREAM + "proto");

  /**
   * The HTTP statuses that are kept in Connect errors. Other errors have the HTTP status of their
   * code, as Connect specifies.
   */
  private static final Set<Integer> OF_HTTP =
      Set.of(404, FrontendResponse.METHOD_NOT_ALLOWED, FrontendResponse.UNSUPPORTED_TYPE);

  private ConnectErrorResponse() {}

  /** Whether the headers are those of a Connect POST, well-formed or not. */
  public static boolean isConnect(Http2Headers headers) {
    String type = type(headers);
    return type.startsWith(STREAM)
        || type.equals("application/proto")
        || headers.contains("connect-protocol-version");
  }

  /** A Connect error: as the body, or as the end of the stream. */
  public static FrontendResponse of(Http2Headers headers, RequestRefusedException why) {
    String type = type(headers);
    if (STREAMS.contains(type) && why.httpStatus() != FrontendResponse.METHOD_NOT_ALLOWED) {
      byte[] error = ConnectErrors.json(code(why), why.getMessage(), null);
      return new FrontendResponse(
          FrontendResponse.head(200, type), ConnectErrors.endStream(error, List.of()));
    }
    return ofUnary(why);
  }

  /** The error of a Connect unary call. */
  static FrontendResponse ofUnary(RequestRefusedException why) {
    GrpcStatusCode code = code(why);
    boolean ofHttp = OF_HTTP.contains(why.httpStatus()) && !isUnknownCompression(why);
    int status = ofHttp ? why.httpStatus() : code.httpStatus();
    FrontendResponse frontendResponse =
        FrontendResponse.json(status, ConnectErrors.json(code, why.getMessage(), null));
    return frontendResponse.allowing(why.allow());
  }

  /**
   * The code that Connect clients infer from the HTTP status when they read no body, so that both
   * agree: unimplemented for 404, unknown for 405 and 415.
   */
  private static GrpcStatusCode code(RequestRefusedException why) {
    if (why.isNoSuchPath()) {
      return GrpcStatusCode.UNIMPLEMENTED;
    }
    boolean unknown =
        why.httpStatus() == FrontendResponse.METHOD_NOT_ALLOWED
            || FrontendResponse.isUnknownType(why);
    return unknown ? GrpcStatusCode.UNKNOWN : why.code();
  }

  /**
   * Whether the compression is the cause. Connect specifies unimplemented for that, whose HTTP
   * status is 501.
   */
  private static boolean isUnknownCompression(RequestRefusedException why) {
    return why.httpStatus() == FrontendResponse.UNSUPPORTED_TYPE
        && why.code() == GrpcStatusCode.UNIMPLEMENTED;
  }

  private static String type(Http2Headers headers) {
    CharSequence value = headers.get("content-type");
    String text = value == null ? "" : value.toString();
    int semicolon = text.indexOf(';');
    return (semicolon < 0 ? text : text.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
  }
}
