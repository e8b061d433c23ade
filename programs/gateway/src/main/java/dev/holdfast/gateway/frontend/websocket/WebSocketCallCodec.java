package dev.holdfast.gateway.frontend.websocket;

import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.gateway.frontend.codec.EmptyTranscoder;
import dev.holdfast.gateway.frontend.codec.FrontendCodec;
import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.gateway.frontend.codec.MetadataMapping;
import dev.holdfast.gateway.frontend.codec.TranscodingBuffer;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.resume.ResumePoint;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.HttpBinding;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.StreamFraming;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.schema.StreamingType;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The codec of one call over a WebSocket. Each message is one WebSocket message, in JSON or binary.
 * The status is the last text message: {@code {"@status": {..}, "metadata": {..}}}.
 *
 * <p>With JSON, a unary or server-streaming method is half-closed by its request message. The
 * message is sent at once when path and query determine it.
 */
public final class WebSocketCallCodec extends FrontendCodec {
  static final String JSON = "grpc+json";

  /** As {@link #JSON}, with heartbeats: scripts of a page see no PING. */
  static final String JSON_WITH_HEARTBEATS = "grpc-heartbeat+json";

  public static final String PROTO = "grpc+proto";

  private static final byte[] NOTHING = {};

  /**
   * The length of a Connect end-of-stream with an empty object: the envelope prefix and two braces.
   */
  private static final int EMPTY_END = 7;

  private static final byte[] HEARTBEAT = "{\"@heartbeat\":{}}".getBytes(StandardCharsets.UTF_8);

  private static final byte[] STATUS = "{\"@status\":".getBytes(StandardCharsets.UTF_8);

  private final String path;
  private final @Nullable HttpCall call;
  private final String protocol;
  private boolean sent;
  private @Nullable ResumePoint point;

  private WebSocketCallCodec(String path, @Nullable HttpCall call, String protocol) {
    this.path = path;
    this.call = call;
    this.protocol = protocol;
  }

  /**
   * A call with messages in JSON.
   *
   * @param protocol the sub-protocol, which says whether there are heartbeats
   */
  public static WebSocketCallCodec json(HttpCall call, String protocol) {
    String raw = StreamFraming.raw().contentType();
    if (call.responseStream().contentType().equals(raw)) {
      throw RequestRefusedException.badRequest(
          "sec-websocket-protocol: "
              + protocol
              + " (expected: grpc+proto where answers are google.api.HttpBody)");
    }
    return new WebSocketCallCodec(call.method().path(), call, protocol);
  }

  /** A call with binary messages, which pass unchanged. */
  public static WebSocketCallCodec binary(String path) {
    return new WebSocketCallCodec(path, null, PROTO);
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public boolean resumeAt(ResumePoint value) {
    point = value;
    return true;
  }

  @Override
  public Optional<StreamingType> methodType() {
    return Optional.ofNullable(call).map(known -> known.method().streamingType());
  }

  @Override
  protected byte[] opening() {
    ResumePoint known = point;
    return known == null
        ? NOTHING
        : new JsonTextWriter()
            .object()
            .object("@session")
            .with("id", known.session())
            .with("after", known.position())
            .with("received", known.received())
            .with("ttlSeconds", known.ttl().toSeconds())
            .endObject()
            .endObject()
            .toByteArray();
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
  protected boolean beginsAtOnce() {
    return true;
  }

  @Override
  protected boolean endsWithMessage() {
    return call != null && !call.method().streamingType().clientStreams();
  }

  @Override
  protected void begin(RequestMessageSink requestMessageSink) {
    boolean whole =
        call != null && call.binding().bodyKind() == HttpBinding.BodyKind.NONE && endsWithMessage();
    if (whole) {
      feed(NOTHING, 0, 0, requestMessageSink);
    }
  }

  @Override
  protected void feed(byte[] bytes, int offset, int length, RequestMessageSink requestMessageSink) {
    HttpCall known = call;
    if (point != null && known != null && SocketAcknowledgement.isOne(bytes, offset, length)) {
      point.acknowledge(SocketAcknowledgement.position(bytes, offset, length));
      return;
    }
    if (sent && endsWithMessage()) {
      throw RequestRefusedException.badRequest("a second message (expected: one)");
    }
    sent = true;
    if (known == null) {
      requestMessageSink.message(bytes, offset, length);
      return;
    }
    CodecBuffer buffer = TranscodingBuffer.buffer();
    known.request(bytes, offset, length, buffer);
    requestMessageSink.message(buffer.array(), 0, buffer.size());
  }

  @Override
  protected void end(RequestMessageSink requestMessageSink) {
    boolean wasSent = sent || (point != null && point.received() > 0);
    if (!wasSent && endsWithMessage()) {
      throw RequestRefusedException.badRequest("no message (expected: one)");
    }
  }

  @Override
  protected byte[] message(byte[] bytes, int offset, int length)
      throws UnreadableResponseException {
    HttpCall known = call;
    if (known == null) {
      return Arrays.copyOfRange(bytes, offset, offset + length);
    }
    CodecBuffer buffer = TranscodingBuffer.buffer();
    var unused = known.response(bytes, offset, length, buffer);
    return buffer.toByteArray();
  }

  @Override
  protected Http2Headers head() {
    return FrontendResponse.head(101, "").set("sec-websocket-protocol", protocol);
  }

  @Override
  protected ResponseEnd ending(CallEnd end) {
    HttpCall known = call;
    JsonCodec codec = known == null ? EmptyTranscoder.NONE.codec() : known.codec();
    byte[] status = ErrorBody.json(end.status(), end.message(), end.details(), codec);
    byte[] metadata = ConnectErrors.endStream(null, MetadataMapping.custom(end.trailers()));
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.writeBytes(STATUS);
    text.writeBytes(status);
    if (metadata.length > EMPTY_END) {
      text.write(',');
    }
    // Of {"metadata": ..} all but its envelope and opening brace.
    text.write(metadata, EMPTY_END - 1, metadata.length - EMPTY_END + 1);
    return new ResponseEnd(text.toByteArray(), true);
  }

  @Override
  protected byte[] ping() {
    return protocol.equals(JSON_WITH_HEARTBEATS) ? HEARTBEAT : NOTHING;
  }

  @Override
  protected FrontendResponse whole(CallEnd end, byte @Nullable [] message) {
    return new FrontendResponse(head(), ending(end).bytes());
  }
}
