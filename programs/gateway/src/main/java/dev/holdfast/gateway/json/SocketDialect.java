package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.CallEnd;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.http.HttpBinding;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.StreamFraming;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.JsonCodec;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The codec of one call over a WebSocket. Each message is one WebSocket message, in JSON or binary.
 * The status is the last text message: {@code {"@status": {..}, "metadata": {..}}}.
 *
 * <p>With JSON, a unary or server-streaming method is half-closed by its request message. The
 * message is sent at once when path and query determine it.
 */
final class SocketDialect extends Dialect {
  static final String JSON = "grpc+json";
  static final String PROTO = "grpc+proto";

  private static final byte[] NOTHING = {};

  /**
   * The length of a Connect end-of-stream with an empty object: the envelope prefix and two braces.
   */
  private static final int EMPTY_END = 7;

  private static final byte[] STATUS = "{\"@status\":".getBytes(StandardCharsets.UTF_8);

  private final String path;
  private final @Nullable HttpCall call;
  private boolean sent;

  private SocketDialect(String path, @Nullable HttpCall call) {
    this.path = path;
    this.call = call;
  }

  /** A call with messages in JSON. */
  static SocketDialect json(HttpCall call) {
    String raw = StreamFraming.raw().contentType();
    if (call.responseStream().contentType().equals(raw)) {
      throw RequestRefusedException.badRequest(
          "sec-websocket-protocol: grpc+json (expected: grpc+proto where answers are"
              + " google.api.HttpBody)");
    }
    return new SocketDialect(call.method().path(), call);
  }

  /** A call with binary messages, which pass unchanged. */
  static SocketDialect binary(String path) {
    return new SocketDialect(path, null);
  }

  @Override
  String path() {
    return path;
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
  boolean beginsAtOnce() {
    return true;
  }

  @Override
  boolean endsWithMessage() {
    return call != null && !call.method().shape().clientStreams();
  }

  @Override
  void begin(Sink sink) {
    boolean whole =
        call != null && call.binding().bodyKind() == HttpBinding.BodyKind.NONE && endsWithMessage();
    if (whole) {
      feed(NOTHING, 0, 0, sink);
    }
  }

  @Override
  void feed(byte[] bytes, int offset, int length, Sink sink) {
    HttpCall known = call;
    if (sent && endsWithMessage()) {
      throw RequestRefusedException.badRequest("a second message (expected: one)");
    }
    sent = true;
    if (known == null) {
      sink.message(bytes, offset, length);
      return;
    }
    CodecBuffer buffer = Scratch.buffer();
    known.request(bytes, offset, length, buffer);
    sink.message(buffer.array(), 0, buffer.size());
  }

  @Override
  void end(Sink sink) {
    if (!sent && endsWithMessage()) {
      throw RequestRefusedException.badRequest("no message (expected: one)");
    }
  }

  @Override
  byte[] message(byte[] bytes, int offset, int length) throws UnreadableResponseException {
    HttpCall known = call;
    if (known == null) {
      return Arrays.copyOfRange(bytes, offset, offset + length);
    }
    CodecBuffer buffer = Scratch.buffer();
    var unused = known.response(bytes, offset, length, buffer);
    return buffer.toByteArray();
  }

  @Override
  Http2Headers head() {
    return Answer.head(101, "").set("sec-websocket-protocol", call == null ? PROTO : JSON);
  }

  @Override
  Ending ending(CallEnd end) {
    HttpCall known = call;
    JsonCodec codec = known == null ? HttpTranscoders.NONE.codec() : known.codec();
    byte[] status = ErrorBody.json(end.status(), end.message(), end.details(), codec);
    byte[] metadata = ConnectErrors.endStream(null, Metadata.custom(end.trailers()));
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.writeBytes(STATUS);
    text.writeBytes(status);
    if (metadata.length > EMPTY_END) {
      text.write(',');
    }
    // Of {"metadata": ..} all but its envelope and opening brace.
    text.write(metadata, EMPTY_END - 1, metadata.length - EMPTY_END + 1);
    return new Ending(text.toByteArray(), true);
  }

  @Override
  Answer whole(CallEnd end, byte @Nullable [] message) {
    return new Answer(head(), ending(end).bytes());
  }
}
