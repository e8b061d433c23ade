package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.CallEnd;
import dev.holdfast.gateway.http2.UpstreamCall;
import dev.holdfast.transcoding.http.EnvelopeReader;
import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.http.connect.ConnectRequest;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * The Connect streaming protocol: messages in envelopes both ways, the status in the last envelope.
 */
final class ConnectStream extends Dialect {
  private final ConnectRequest request;
  private final ConnectMessages messages;
  private final EnvelopeCoding coding;
  private final EnvelopeReader reader = new EnvelopeReader(UpstreamCall.MESSAGE_BYTES);

  /**
   * The codec of one streaming call.
   *
   * @throws RequestRefusedException UNIMPLEMENTED for an unsupported compression
   */
  ConnectStream(ConnectRequest request, ConnectMessages messages, Http2Headers headers) {
    this.request = request;
    this.messages = messages;
    this.coding = EnvelopeCoding.of(headers, "connect-content-encoding", "connect-accept-encoding");
  }

  @Override
  String path() {
    return messages.path();
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
  int feedOne(byte[] decoded, int offset, int length, Sink sink) {
    return reader.feedOne(decoded, offset, length, messages(sink));
  }

  @Override
  void feed(byte[] bytes, int offset, int length, Sink sink) {
    reader.feed(bytes, offset, length, messages(sink));
  }

  private EnvelopeReader.Sink messages(Sink sink) {
    return (flags, message, at, size) -> {
      // Clients have no end of the stream to say.
      if ((flags & ConnectErrors.END_STREAM_FLAG) == 0) {
        coding.read(flags, message, at, size, (b, o, l) -> messages.read(b, o, l, sink));
      }
    };
  }

  @Override
  void end(Sink sink) {
    reader.end();
  }

  @Override
  byte[] message(byte[] bytes, int offset, int length) throws UnreadableResponseException {
    byte[] message = messages.write(bytes, offset, length);
    return coding.envelope(message, 0, message.length);
  }

  @Override
  Http2Headers head() {
    return coding.in(Answer.head(200, request.contentType()));
  }

  @Override
  Ending ending(CallEnd end) {
    byte[] error =
        end.isOk() ? null : ConnectErrors.json(end.status(), end.message(), end.details());
    return new Ending(ConnectErrors.endStream(error, Metadata.custom(end.trailers())), true);
  }

  @Override
  boolean hasTrailers() {
    return true;
  }

  @Override
  Answer whole(CallEnd end, byte @Nullable [] message) {
    return new Answer(head(), ending(end).bytes());
  }

  @Override
  Answer refused(RequestRefusedException why) {
    return whole(CallEnd.of(why.code(), why.getMessage()), null);
  }
}
