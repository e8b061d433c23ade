package dev.holdfast.gateway.frontend.connect;

import dev.holdfast.gateway.call.UpstreamCall;
import dev.holdfast.gateway.frontend.codec.EnvelopeCompression;
import dev.holdfast.gateway.frontend.codec.FrontendCodec;
import dev.holdfast.gateway.frontend.codec.FrontendResponse;
import dev.holdfast.gateway.frontend.codec.MetadataMapping;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.transcoding.http.EnvelopeReader;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.http.connect.ConnectRequest;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * The Connect streaming protocol: messages in envelopes both ways, the status in the last envelope.
 */
public final class ConnectStreamCodec extends FrontendCodec {
  private final ConnectRequest request;
  private final ConnectMessageCodec messages;
  private final EnvelopeCompression coding;
  private final EnvelopeReader reader = new EnvelopeReader(UpstreamCall.MESSAGE_BYTES);

  /**
   * The codec of one streaming call.
   *
   * @throws RequestRefusedException UNIMPLEMENTED for an unsupported compression
   */
  public ConnectStreamCodec(
      ConnectRequest request, ConnectMessageCodec messages, Http2Headers headers) {
    this.request = request;
    this.messages = messages;
    this.coding =
        EnvelopeCompression.of(headers, "connect-content-encoding", "connect-accept-encoding");
  }

  @Override
  public String path() {
    return messages.path();
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
  protected int feedOne(
      byte[] decoded, int offset, int length, RequestMessageSink requestMessageSink) {
    return reader.feedOne(decoded, offset, length, messages(requestMessageSink));
  }

  @Override
  protected void feed(byte[] bytes, int offset, int length, RequestMessageSink requestMessageSink) {
    reader.feed(bytes, offset, length, messages(requestMessageSink));
  }

  private EnvelopeReader.EnvelopeHandler messages(RequestMessageSink requestMessageSink) {
    return (flags, message, at, size) -> {
      // Clients have no end of the stream to say.
      if ((flags & ConnectErrors.END_STREAM_FLAG) == 0) {
        coding.read(
            flags, message, at, size, (b, o, l) -> messages.read(b, o, l, requestMessageSink));
      }
    };
  }

  @Override
  protected void end(RequestMessageSink requestMessageSink) {
    reader.end();
  }

  @Override
  protected byte[] message(byte[] bytes, int offset, int length)
      throws UnreadableResponseException {
    byte[] message = messages.write(bytes, offset, length);
    return coding.envelope(message, 0, message.length);
  }

  @Override
  protected Http2Headers head() {
    return coding.in(FrontendResponse.streamHead(request.contentType()));
  }

  @Override
  protected ResponseEnd ending(CallEnd end) {
    byte[] error =
        end.isOk() ? null : ConnectErrors.json(end.status(), end.message(), end.details());
    return new ResponseEnd(
        ConnectErrors.endStream(error, MetadataMapping.custom(end.trailers())), true);
  }

  @Override
  protected boolean hasTrailers() {
    return true;
  }

  @Override
  protected FrontendResponse whole(CallEnd end, byte @Nullable [] message) {
    return new FrontendResponse(head(), ending(end).bytes());
  }

  @Override
  public FrontendResponse refused(RequestRefusedException why) {
    return whole(CallEnd.of(why.code(), why.getMessage()), null);
  }
}
