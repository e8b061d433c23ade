package dev.holdfast.gateway.frontend.connect;

import dev.holdfast.gateway.frontend.codec.AggregatedBody;
import dev.holdfast.gateway.frontend.codec.FrontendCodec;
import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.gateway.frontend.codec.MessageInflater;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.http.connect.ConnectRequest;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The Connect unary protocol, by POST or GET. */
public final class ConnectUnaryCodec extends FrontendCodec {
  private static final int NOT_FOUND = 404;

  private final ConnectRequest request;
  private final ConnectMessageCodec messages;
  private final BooleanSupplier unknownMethod;
  private final AggregatedBody body = new AggregatedBody();

  /**
   * The codec of one unary call.
   *
   * @param unknownMethod whether the schema is known and lacks the method; asked at most once
   */
  public ConnectUnaryCodec(
      ConnectRequest request, ConnectMessageCodec messages, BooleanSupplier unknownMethod) {
    this.request = request;
    this.messages = messages;
    this.unknownMethod = unknownMethod;
  }

  @Override
  public String path() {
    return messages.path();
  }

  @Override
  protected boolean isCompressed() {
    return body.isCompressed() || !request.compression().isEmpty();
  }

  @Override
  public boolean inflateBody() {
    body.inflate();
    return true;
  }

  @Override
  protected boolean clientStreams() {
    return false;
  }

  @Override
  protected boolean serverStreams() {
    return false;
  }

  @Override
  protected void feed(byte[] bytes, int offset, int length, RequestMessageSink requestMessageSink) {
    body.add(bytes, offset, length);
  }

  @Override
  protected void end(RequestMessageSink requestMessageSink) {
    if (request.kind() == ConnectRequest.ConnectCallType.GET) {
      byte[] message = request.message();
      boolean compressed = !request.compression().isEmpty();
      byte[] whole = compressed ? MessageInflater.message(message, 0, message.length) : message;
      messages.read(whole, 0, whole.length, requestMessageSink);
    } else {
      body.end();
      messages.read(body.bytes(), 0, body.size(), requestMessageSink);
    }
  }

  @Override
  protected byte[] message(byte[] bytes, int offset, int length)
      throws UnreadableResponseException {
    return messages.write(bytes, offset, length);
  }

  @Override
  protected Http2Headers head() {
    return FrontendResponse.head(200, request.contentType());
  }

  @Override
  protected ResponseEnd ending(CallEnd end) {
    return new ResponseEnd(FrontendResponse.NOTHING, end.isOk());
  }

  @Override
  protected FrontendResponse whole(CallEnd end, byte @Nullable [] message) {
    if (!end.isOk()) {
      byte[] error = ConnectErrors.json(end.status(), end.message(), end.details());
      // Messages as they are need no schema, so that the upstream has the first word.
      boolean notFound =
          end.status() == GrpcStatusCode.UNIMPLEMENTED && unknownMethod.getAsBoolean();
      return FrontendResponse.json(notFound ? NOT_FOUND : end.status().httpStatus(), error);
    }
    if (message == null) {
      return whole(CallEnd.of(GrpcStatusCode.INTERNAL, "gateway: OK without a message"), null);
    }
    return new FrontendResponse(head(), message);
  }

  @Override
  public FrontendResponse refused(RequestRefusedException why) {
    return ConnectErrorResponse.ofUnary(why);
  }
}
