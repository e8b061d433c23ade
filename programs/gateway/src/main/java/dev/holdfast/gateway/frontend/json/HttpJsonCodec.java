package dev.holdfast.gateway.frontend.json;

import dev.holdfast.gateway.frontend.codec.AggregatedBody;
import dev.holdfast.gateway.frontend.codec.FrontendCodec;
import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.gateway.frontend.codec.TranscodingBuffer;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.resume.ResumePoint;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.StreamFraming;
import dev.holdfast.transcoding.http.StreamedRequestDecoder;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.schema.StreamingType;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** HTTP/JSON: annotated paths or POST by name, streams as lines, events or an array. */
public final class HttpJsonCodec extends FrontendCodec {
  /** The least reconnection time of a resumable stream of events. */
  private static final int RETRY_FROM_MILLIS = 1_000;

  /** The bound of reconnection times. They are spread, as all readers lose a gateway at once. */
  private static final int RETRY_BELOW_MILLIS = 5_000;

  private final HttpCall call;
  private final AggregatedBody body = new AggregatedBody();
  private final @Nullable StreamedRequestDecoder requests;
  private final @Nullable StreamFraming framing;
  private String contentType = "application/json";
  private @Nullable ResumePoint point;
  private boolean retryTold;

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
  public boolean resumeAt(ResumePoint value) {
    boolean events = framing != null && framing.ping().length > 0;
    if (!events || requests != null) {
      return false;
    }
    point = value;
    return true;
  }

  @Override
  public Optional<StreamingType> methodType() {
    return Optional.of(call.method().streamingType());
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
        : withId(framing.message(buffer.array(), 0, buffer.size()));
  }

  @Override
  protected byte[] opening() {
    // An event without data is not dispatched, but its id counts.
    return withId("\n".getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The bytes of an event with the id of the current position, where the stream has ids. The first
   * one of a response also has a reconnection time, drawn for this reader.
   */
  private byte[] withId(byte[] event) {
    ResumePoint known = point;
    if (known == null || !known.hasIds()) {
      return event;
    }
    byte[] id = (retry() + "id: " + known.eventId() + "\n").getBytes(StandardCharsets.UTF_8);
    byte[] whole = Arrays.copyOf(id, id.length + event.length);
    System.arraycopy(event, 0, whole, id.length, event.length);
    return whole;
  }

  private String retry() {
    if (retryTold) {
      return "";
    }
    retryTold = true;
    int millis = ThreadLocalRandom.current().nextInt(RETRY_FROM_MILLIS, RETRY_BELOW_MILLIS);
    return "retry: " + millis + "\n";
  }

  @Override
  protected Http2Headers head() {
    if (framing == null) {
      return FrontendResponse.head(200, contentType);
    }
    String type = framing.contentType();
    boolean raw = type.equals(StreamFraming.raw().contentType());
    Http2Headers head = FrontendResponse.streamHead(raw ? contentType : type);
    if (point != null && point.hasIds()) {
      // Ids are secrets, and their compressed length could tell them.
      return head.set("cache-control", "no-store, no-transform");
    }
    return framing.ping().length > 0 ? head.set("cache-control", "no-cache") : head;
  }

  @Override
  protected ResponseEnd ending(CallEnd end) {
    StreamFraming stream = framing == null ? StreamFraming.raw() : framing;
    StreamFraming.BodyEnd last = stream.end(end.isOk() ? null : error(end));
    boolean identified = point != null && point.isFinal();
    return new ResponseEnd(identified ? withId(last.bytes()) : last.bytes(), last.isComplete());
  }

  @Override
  protected FrontendResponse whole(CallEnd end, byte @Nullable [] message) {
    if (point != null && point.isComplete()) {
      return FrontendResponse.noContent();
    }
    if (!end.isOk()) {
      return FrontendResponse.json(end.status().httpStatus(), error(end));
    }
    if (framing != null) {
      return new FrontendResponse(head(), ending(end).bytes());
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
