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

/** Connect's streams: envelopes both ways, the status in the last one. */
final class ConnectStream extends Dialect {
  private final ConnectRequest request;
  private final ConnectMessages messages;
  private final EnvelopeReader reader = new EnvelopeReader(UpstreamCall.MESSAGE_BYTES);

  ConnectStream(ConnectRequest request, ConnectMessages messages) {
    this.request = request;
    this.messages = messages;
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
  void feed(byte[] bytes, int offset, int length, Sink sink) {
    reader.feed(
        bytes,
        offset,
        length,
        (flags, message, at, size) -> {
          if (flags == 0) {
            messages.read(message, at, size, sink);
          } else if (flags != ConnectErrors.END_STREAM_FLAG) {
            throw RequestRefusedException.unsupportedEncoding(
                "body: a message with flag " + flags + " (expected: 0, uncompressed)");
          }
        });
  }

  @Override
  void end(Sink sink) {
    reader.end();
  }

  @Override
  byte[] message(byte[] bytes, int offset, int length) throws UnreadableResponseException {
    byte[] message = messages.write(bytes, offset, length);
    return EnvelopeReader.envelope(0, message, 0, message.length);
  }

  @Override
  Http2Headers head() {
    return Answer.head(200, request.contentType());
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
