package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.gateway.frontend.connect.ConnectErrorResponse;
import dev.holdfast.gateway.frontend.grpcweb.GrpcWebCodec;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebContentType;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;

/** Error responses to requests that become no call, in the format of the request's protocol. */
final class FrontendLocalReply {
  private FrontendLocalReply() {}

  /**
   * The response in the format of gRPC-Web, Connect or HTTP/JSON.
   *
   * @param connectGet whether the request is a Connect GET
   */
  static FrontendResponse of(
      Http2Headers headers, RequestRefusedException why, boolean connectGet) {
    CharSequence type = headers.get("content-type");
    GrpcWebContentType grpcWeb = GrpcWebContentType.of(type == null ? "" : type.toString());
    if (grpcWeb != null) {
      return GrpcWebCodec.refusing(grpcWeb).refused(why);
    }
    return connectGet || ConnectErrorResponse.isConnect(headers)
        ? ConnectErrorResponse.of(headers, why)
        : FrontendResponse.refused(why);
  }
}
