package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.CallEnd;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.RequestStream;
import dev.holdfast.transcoding.http.StatusCode;
import dev.holdfast.transcoding.http.StreamFraming;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.json.CodecBuffer;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** HTTP/JSON: annotated paths or POST by name, streams as lines, events or an array. */
final class JsonDialect extends Dialect {
  private final HttpCall call;
  private final WholeBody body = new WholeBody();
  private final @Nullable RequestStream requests;
  private final @Nullable StreamFraming framing;
  private String contentType = "application/json";

  JsonDialect(HttpCall call) {
    this.call = call;
    this.requests = call.method().shape().clientStreams() ? call.requestStream() : null;
    this.framing = call.method().shape().serverStreams() ? call.responseStream() : null;
  }

  @Override
  String path() {
    return call.method().path();
  }

  @Override
  boolean isCompressed() {
    return body.isCompressed();
  }

  @Override
  boolean inflateBody() {
    if (requests == null) {
      body.inflate();
    }
    return requests == null;
  }

  @Override
  boolean clientStreams() {
    return requests != null;
  }

  @Override
  boolean serverStreams() {
    return framing != null;
  }

  @Override
  void feed(byte[] bytes, int offset, int length, Sink sink) {
    if (requests != null) {
      requests.feed(bytes, offset, length, sink::message);
    } else {
      body.add(bytes, offset, length);
    }
  }

  @Override
  void end(Sink sink) {
    if (requests != null) {
      requests.end(sink::message);
    } else {
      body.end();
      CodecBuffer buffer = Scratch.buffer();
      call.request(body.bytes(), 0, body.size(), buffer);
      sink.message(buffer.array(), 0, buffer.size());
    }
  }

  @Override
  byte[] message(byte[] bytes, int offset, int length) throws UnreadableResponseException {
    CodecBuffer buffer = Scratch.buffer();
    contentType = call.response(bytes, offset, length, buffer);
    return framing == null
        ? buffer.toByteArray()
        : framing.message(buffer.array(), 0, buffer.size());
  }

  @Override
  Http2Headers head() {
    if (framing == null) {
      return Answer.head(200, contentType);
    }
    String type = framing.contentType();
    boolean raw = type.equals(StreamFraming.raw().contentType());
    Http2Headers head = Answer.head(200, raw ? contentType : type);
    return framing.ping().length > 0 ? head.set("cache-control", "no-cache") : head;
  }

  @Override
  Ending ending(CallEnd end) {
    StreamFraming stream = framing == null ? StreamFraming.raw() : framing;
    StreamFraming.End last = stream.end(end.isOk() ? null : error(end));
    return new Ending(last.bytes(), last.whole());
  }

  @Override
  Answer whole(CallEnd end, byte @Nullable [] message) {
    if (!end.isOk()) {
      return Answer.json(end.status().httpStatus(), error(end));
    }
    if (framing != null) {
      return new Answer(head(), framing.end(null).bytes());
    }
    if (message == null) {
      return whole(CallEnd.of(StatusCode.INTERNAL, "gateway: OK without a message"), null);
    }
    return new Answer(head(), message);
  }

  @Override
  byte[] ping() {
    return framing == null ? Answer.NOTHING : framing.ping();
  }

  private byte[] error(CallEnd end) {
    return ErrorBody.json(end.status(), end.message(), end.details(), call.codec());
  }
}
