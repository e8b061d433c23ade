package dev.holdfast.gateway.frontend.json;

import dev.holdfast.gateway.frontend.codec.AggregatedBody;
import dev.holdfast.gateway.frontend.codec.FrontendCodec;
import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.gateway.frontend.codec.TranscodingBuffer;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.StreamFraming;
import dev.holdfast.transcoding.http.StreamedRequestDecoder;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** HTTP/JSON: annotated paths or POST by name, streams as lines, events or an array. */
public final class HttpJsonCodec extends FrontendCodec {
  private final HttpCall call;
  private final AggregatedBody body = new AggregatedBody();
  private final @Nullable StreamedRequestDecoder requests;
  private final @Nullable StreamFraming framing;
  private String contentType = "application/json";

  public HttpJsonCodec(HttpCall call) {
    this.call = call;
    this.requests = call.method().streamingType().clientStreams() ? call.requestDecoder() : null;
    this.framing = call.method().streamingType().serverStreams() ? call.responseStream() : null;
  }

  @Override
  public String path() {
    return call.method().path();
  }

  @Override
  protected boolean isCompressed() {
    return body.isCompressed();
  }

  @Override
  public boolean inflateBody() {
    if (requests == null) {
      body.inflate();
    }
    return requests == null;
  }

  @Override
  protected boolean clientStreams() {
    return requests != null;
  }

  @Override
  protected boolean serverStreams() {
    return framing != null;
  }

  @Override
  protected void feed(byte[] bytes, int offset, int length, RequestMessageSink requestMessageSink) {
    if (requests != null) {
      requests.feed(bytes, offset, length, requestMessageSink::message);
    } else {
      body.add(bytes, offset, length);
    }
  }

  @Override
  protected void end(RequestMessageSink requestMessageSink) {
    if (requests != null) {
      requests.end(requestMessageSink::message);
    } else {
      body.end();
      CodecBuffer buffer = TranscodingBuffer.buffer();
      call.request(body.bytes(), 0, body.size(), buffer);
      requestMessageSink.message(buffer.array(), 0, buffer.size());
    }
  }

  @Override
  protected byte[] message(byte[] bytes, int offset, int length)
      throws UnreadableResponseException {
    CodecBuffer buffer = TranscodingBuffer.buffer();
    contentType = call.response(bytes, offset, length, buffer);
    return framing == null
        ? buffer.toByteArray()
        : framing.message(buffer.array(), 0, buffer.size());
  }

  @Override
  protected Http2Headers head() {
    if (framing == null) {
      return FrontendResponse.head(200, contentType);
    }
    String type = framing.contentType();
    boolean raw = type.equals(StreamFraming.raw().contentType());
    Http2Headers head = FrontendResponse.head(200, raw ? contentType : type);
    return framing.ping().length > 0 ? head.set("cache-control", "no-cache") : head;
  }

  @Override
  protected ResponseEnd ending(CallEnd end) {
    StreamFraming stream = framing == null ? StreamFraming.raw() : framing;
    StreamFraming.BodyEnd last = stream.end(end.isOk() ? null : error(end));
    return new ResponseEnd(last.bytes(), last.isComplete());
  }

  @Override
  protected FrontendResponse whole(CallEnd end, byte @Nullable [] message) {
    if (!end.isOk()) {
      return FrontendResponse.json(end.status().httpStatus(), error(end));
    }
    if (framing != null) {
      return new FrontendResponse(head(), framing.end(null).bytes());
    }
    if (message == null) {
      return whole(CallEnd.of(GrpcStatusCode.INTERNAL, "gateway: OK without a message"), null);
    }
    return new FrontendResponse(head(), message);
  }

  @Override
  protected byte[] ping() {
    return framing == null ? FrontendResponse.NOTHING : framing.ping();
  }

  private byte[] error(CallEnd end) {
    return ErrorBody.json(end.status(), end.message(), end.details(), call.codec());
  }
}
