package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.CallEnd;
import dev.holdfast.gateway.http2.UpstreamCall;
import dev.holdfast.transcoding.http.EnvelopeReader;
import dev.holdfast.transcoding.http.GrpcMessage;
import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.StatusCode;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebText;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebTrailers;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebType;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** gRPC-Web, binary or base64. Needs no schema. */
final class GrpcWebDialect extends Dialect {
  private static final String ENCODING = "grpc-encoding";
  private static final String DETAILS = "grpc-status-details-bin";

  private final String path;
  private final GrpcWebType type;
  private final EnvelopeReader reader = new EnvelopeReader(UpstreamCall.MESSAGE_BYTES);
  private final GrpcWebText text = new GrpcWebText();
  private final EnvelopeCoding coding;

  private GrpcWebDialect(String path, GrpcWebType type, EnvelopeCoding coding) {
    this.path = path;
    this.type = type;
    this.coding = coding;
  }

  /**
   * The codec of a request.
   *
   * @throws RequestRefusedException UNIMPLEMENTED for an unsupported compression
   */
  static GrpcWebDialect of(String path, GrpcWebType type, Http2Headers request) {
    return new GrpcWebDialect(
        path, type, EnvelopeCoding.of(request, ENCODING, "grpc-accept-encoding"));
  }

  /** The codec of a response to a request that becomes no call. */
  static GrpcWebDialect refusing(GrpcWebType type) {
    return new GrpcWebDialect("", type, EnvelopeCoding.none(ENCODING));
  }

  @Override
  String path() {
    return path;
  }

  @Override
  String callType() {
    return type.grpcContentType();
  }

  @Override
  boolean clientStreams() {
    return true;
  }

  @Override
  boolean serverStreams() {
    return true;
  }

  @Override
  boolean isCompressed() {
    return coding.isCompressed();
  }

  @Override
  byte[] decode(byte[] bytes) {
    return type.text() ? text.decode(bytes, 0, bytes.length) : bytes;
  }

  @Override
  int feedOne(byte[] decoded, int offset, int length, Sink sink) {
    return reader.feedOne(decoded, offset, length, messages(sink));
  }

  @Override
  void feed(byte[] bytes, int offset, int length, Sink sink) {
    if (type.text()) {
      byte[] decoded = text.decode(bytes, offset, length);
      reader.feed(decoded, 0, decoded.length, messages(sink));
    } else {
      reader.feed(bytes, offset, length, messages(sink));
    }
  }

  @Override
  void end(Sink sink) {
    if (type.text()) {
      text.end();
    }
    reader.end();
  }

  @Override
  byte[] message(byte[] bytes, int offset, int length) {
    return written(coding.envelope(bytes, offset, length));
  }

  @Override
  Http2Headers head() {
    return coding.in(Answer.head(200, type.contentType()));
  }

  @Override
  Ending ending(CallEnd end) {
    List<Map.Entry<String, String>> trailers = new ArrayList<>(status(end));
    trailers.addAll(Metadata.custom(end.trailers()));
    return new Ending(written(GrpcWebTrailers.frame(trailers)), true);
  }

  @Override
  boolean hasTrailers() {
    return true;
  }

  @Override
  Answer whole(CallEnd end, byte @Nullable [] message) {
    Http2Headers head = Answer.head(200, type.contentType());
    status(end).forEach(each -> head.set(each.getKey(), each.getValue()));
    Metadata.copy(end.trailers(), "", head);
    return new Answer(head, Answer.NOTHING);
  }

  @Override
  Answer refused(RequestRefusedException why) {
    boolean ofHttp = why.httpStatus() == Refusal.METHOD_NOT_ALLOWED || Refusal.isUnknownType(why);
    boolean unimplemented = ofHttp || why.isNoSuchPath();
    StatusCode code = unimplemented ? StatusCode.UNIMPLEMENTED : why.code();
    Answer answer = whole(CallEnd.of(code, "gateway: " + why.getMessage()), null);
    if (ofHttp) {
      answer.head().status(Integer.toString(why.httpStatus()));
    }
    if (why.code() == StatusCode.UNIMPLEMENTED && !ofHttp) {
      answer.head().set("grpc-accept-encoding", "identity,gzip");
    }
    return answer.allowing(why.allow());
  }

  private EnvelopeReader.Sink messages(Sink sink) {
    return (flags, message, at, size) -> {
      // Clients have no trailers to say.
      if (flags != GrpcWebTrailers.FLAG) {
        coding.read(flags, message, at, size, sink);
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
      status.add(Map.entry("grpc-message", GrpcMessage.encode(end.message())));
    }
    CharSequence details = end.trailers().get(DETAILS);
    if (details != null) {
      status.add(Map.entry(DETAILS, details.toString()));
    }
    return status;
  }
}
