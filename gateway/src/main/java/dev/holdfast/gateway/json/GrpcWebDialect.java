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

/** gRPC-Web, in bytes or in base64: needs no schema. */
final class GrpcWebDialect extends Dialect {
  private static final String DETAILS = "grpc-status-details-bin";

  private final String path;
  private final GrpcWebType type;
  private final EnvelopeReader reader = new EnvelopeReader(UpstreamCall.MESSAGE_BYTES);
  private final GrpcWebText text = new GrpcWebText();

  GrpcWebDialect(String path, GrpcWebType type) {
    this.path = path;
    this.type = type;
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
  void feed(byte[] bytes, int offset, int length, Sink sink) {
    if (type.text()) {
      byte[] decoded = text.decode(bytes, offset, length);
      read(decoded, 0, decoded.length, sink);
    } else {
      read(bytes, offset, length, sink);
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
    return written(EnvelopeReader.envelope(0, bytes, offset, length));
  }

  @Override
  Http2Headers head() {
    return Answer.head(200, type.contentType());
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
    Http2Headers head = head();
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
    return answer.allowing(why.allow());
  }

  private void read(byte[] bytes, int offset, int length, Sink sink) {
    reader.feed(
        bytes,
        offset,
        length,
        (flags, message, at, size) -> {
          if (flags == 0) {
            sink.message(message, at, size);
          } else if (flags != GrpcWebTrailers.FLAG) {
            throw RequestRefusedException.unsupportedEncoding(
                "body: a message with flag " + flags + " (expected: 0, uncompressed)");
          }
        });
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
