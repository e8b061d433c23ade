package dev.holdfast.gateway.frontend.grpcweb;

import dev.holdfast.gateway.call.UpstreamCall;
import dev.holdfast.gateway.frontend.codec.EnvelopeCompression;
import dev.holdfast.gateway.frontend.codec.FrontendCodec;
import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.gateway.frontend.codec.MetadataMapping;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.transcoding.http.EnvelopeReader;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebContentType;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebText;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebTrailers;
import dev.holdfast.transcoding.status.GrpcMessageHeader;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** gRPC-Web, binary or base64. Needs no schema. */
public final class GrpcWebCodec extends FrontendCodec {
  private static final String ENCODING = "grpc-encoding";
  private static final String DETAILS = "grpc-status-details-bin";

  private final String path;
  private final GrpcWebContentType type;
  private final EnvelopeReader reader = new EnvelopeReader(UpstreamCall.MESSAGE_BYTES);
  private final GrpcWebText text = new GrpcWebText();
  private final EnvelopeCompression coding;

  private GrpcWebCodec(String path, GrpcWebContentType type, EnvelopeCompression coding) {
    this.path = path;
    this.type = type;
    this.coding = coding;
  }

  /**
   * The codec of a request.
   *
   * @throws RequestRefusedException UNIMPLEMENTED for an unsupported compression
   */
  public static GrpcWebCodec of(String path, GrpcWebContentType type, Http2Headers request) {
    return new GrpcWebCodec(
        path, type, EnvelopeCompression.of(request, ENCODING, "grpc-accept-encoding"));
  }

  /** The codec of a response to a request that becomes no call. */
  public static GrpcWebCodec refusing(GrpcWebContentType type) {
    return new GrpcWebCodec("", type, EnvelopeCompression.none(ENCODING));
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public String callType() {
    return type.grpcContentType();
  }

  @Override
  protected boolean clientStreams() {
    return true;
  }

  @Override
  protected boolean serverStreams() {
    return true;
  }

  @Override
  protected boolean isCompressed() {
    return coding.isCompressed();
  }

  @Override
  protected byte[] decode(byte[] bytes) {
    return type.text() ? text.decode(bytes, 0, bytes.length) : bytes;
  }

  @Override
  protected int feedOne(
      byte[] decoded, int offset, int length, RequestMessageSink requestMessageSink) {
    return reader.feedOne(decoded, offset, length, messages(requestMessageSink));
  }

  @Override
  protected void feed(byte[] bytes, int offset, int length, RequestMessageSink requestMessageSink) {
    if (type.text()) {
      byte[] decoded = text.decode(bytes, offset, length);
      reader.feed(decoded, 0, decoded.length, messages(requestMessageSink));
    } else {
      reader.feed(bytes, offset, length, messages(requestMessageSink));
    }
  }

  @Override
  protected void end(RequestMessageSink requestMessageSink) {
    if (type.text()) {
      text.end();
    }
    reader.end();
  }

  @Override
  protected byte[] message(byte[] bytes, int offset, int length) {
    return written(coding.envelope(bytes, offset, length));
  }

  @Override
  protected Http2Headers head() {
    return coding.in(FrontendResponse.streamHead(type.contentType()));
  }

  @Override
  protected ResponseEnd ending(CallEnd end) {
    List<Map.Entry<String, String>> trailers = new ArrayList<>(status(end));
    trailers.addAll(MetadataMapping.custom(end.trailers()));
    return new ResponseEnd(written(GrpcWebTrailers.frame(trailers)), true);
  }

  @Override
  protected boolean hasTrailers() {
    return true;
  }

  @Override
  protected FrontendResponse whole(CallEnd end, byte @Nullable [] message) {
    Http2Headers head = FrontendResponse.head(200, type.contentType());
    status(end).forEach(each -> head.set(each.getKey(), each.getValue()));
    MetadataMapping.copy(end.trailers(), "", head);
    return new FrontendResponse(head, FrontendResponse.NOTHING);
  }

  @Override
  public FrontendResponse refused(RequestRefusedException why) {
    boolean ofHttp =
        why.httpStatus() == FrontendResponse.METHOD_NOT_ALLOWED
            || FrontendResponse.isUnknownType(why);
    boolean unimplemented = ofHttp || why.isNoSuchPath();
    GrpcStatusCode code = unimplemented ? GrpcStatusCode.UNIMPLEMENTED : why.code();
    FrontendResponse frontendResponse =
        whole(CallEnd.of(code, "gateway: " + why.getMessage()), null);
    if (ofHttp) {
      frontendResponse.head().status(Integer.toString(why.httpStatus()));
    }
    if (why.code() == GrpcStatusCode.UNIMPLEMENTED && !ofHttp) {
      frontendResponse.head().set("grpc-accept-encoding", "identity,gzip");
    }
    return frontendResponse.allowing(why.allow());
  }

  private EnvelopeReader.EnvelopeHandler messages(RequestMessageSink requestMessageSink) {
    return (flags, message, at, size) -> {
      // Clients have no trailers to say.
      if (flags != GrpcWebTrailers.FLAG) {
        coding.read(flags, message, at, size, requestMessageSink);
      }
    };
  }

  private byte[] written(byte[] frame) {
    return type.text() ? GrpcWebText.encode(frame) : frame;
  }

  private static List<Map.Entry<String, String>> status(CallEnd end) {
    List<Map.Entry<String, String>> status = new ArrayList<>();
    status.add(Map.entry("grpc-status", Integer.toString(end.status().number())));
    if (!end.message().isEmpty()) {
      status.add(Map.entry("grpc-message", GrpcMessageHeader.encode(end.message())));
    }
    CharSequence details = end.trailers().get(DETAILS);
    if (details != null) {
      status.add(Map.entry(DETAILS, details.toString()));
    }
    return status;
  }
}
