package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.CallEnd;
import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.StatusCode;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.http.connect.ConnectRequest;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The Connect unary protocol, by POST or GET. */
final class ConnectUnary extends Dialect {
  private static final int NOT_FOUND = 404;

  private final ConnectRequest request;
  private final ConnectMessages messages;
  private final BooleanSupplier unknownMethod;
  private final WholeBody body = new WholeBody();

  /**
   * The codec of one unary call.
   *
   * @param unknownMethod whether the schema is known and lacks the method; asked at most once
   */
  ConnectUnary(ConnectRequest request, ConnectMessages messages, BooleanSupplier unknownMethod) {
    this.request = request;
    this.messages = messages;
    this.unknownMethod = unknownMethod;
  }

  @Override
  String path() {
    return messages.path();
  }

  @Override
  boolean isCompressed() {
    return body.isCompressed() || !request.compression().isEmpty();
  }

  @Override
  boolean inflateBody() {
    body.inflate();
    return true;
  }

  @Override
  boolean clientStreams() {
    return false;
  }

  @Override
  boolean serverStreams() {
    return false;
  }

  @Override
  void feed(byte[] bytes, int offset, int length, Sink sink) {
    body.add(bytes, offset, length);
  }

  @Override
  void end(Sink sink) {
    if (request.kind() == ConnectRequest.Kind.GET) {
      byte[] message = request.message();
      boolean compressed = !request.compression().isEmpty();
      byte[] whole = compressed ? Inflated.message(message, 0, message.length) : message;
      messages.read(whole, 0, whole.length, sink);
    } else {
      body.end();
      messages.read(body.bytes(), 0, body.size(), sink);
    }
  }

  @Override
  byte[] message(byte[] bytes, int offset, int length) throws UnreadableResponseException {
    return messages.write(bytes, offset, length);
  }

  @Override
  Http2Headers head() {
    return Answer.head(200, request.contentType());
  }

  @Override
  Ending ending(CallEnd end) {
    return new Ending(Answer.NOTHING, end.isOk());
  }

  @Override
  Answer whole(CallEnd end, byte @Nullable [] message) {
    if (!end.isOk()) {
      byte[] error = ConnectErrors.json(end.status(), end.message(), end.details());
      // Messages as they are need no schema, so that the upstream has the first word.
      boolean notFound = end.status() == StatusCode.UNIMPLEMENTED && unknownMethod.getAsBoolean();
      return Answer.json(notFound ? NOT_FOUND : end.status().httpStatus(), error);
    }
    if (message == null) {
      return whole(CallEnd.of(StatusCode.INTERNAL, "gateway: OK without a message"), null);
    }
    return new Answer(head(), message);
  }

  @Override
  Answer refused(RequestRefusedException why) {
    return Refusal.ofUnary(why);
  }
}
