package dev.holdfast.gateway.duplex;

import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.wire.WireException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The values of the duplex handshake in the headers of HTTP/2. */
final class HandshakeHeaders {
  /** The hello, welcome or refusal; the name stands in docs/duplex-v1.md. */
  static final AsciiString HANDSHAKE = AsciiString.cached("holdfast-stream-bin");

  /** The hand-over that a client shows, or its offer to take one. */
  static final AsciiString HANDOVER = AsciiString.cached("holdfast-handover-bin");

  private static final Base64.Encoder ENCODER = Base64.getEncoder().withoutPadding();

  private HandshakeHeaders() {}

  /** Writes the hello of an attachment into its request headers, in place of what is there. */
  static void write(SessionOutput.StartCall startCall, Http2Headers headers) {
    headers.set(HANDSHAKE, encode(startCall.hello().toByteArray()));
    headers.set(HANDOVER, encode(startCall.handover().toByteArray()));
  }

  /**
   * The value of the handshake in headers or trailers; null when there is none.
   *
   * @throws WireException when there are several
   * @throws IllegalArgumentException when it is not base64
   */
  static byte @Nullable [] read(Http2Headers headers) throws WireException {
    List<CharSequence> values = headers.getAll(HANDSHAKE);
    if (values.isEmpty()) {
      return null;
    }
    String value = values.get(0).toString();
    if (values.size() > 1 || value.indexOf(',') >= 0) {
      throw WireException.several(HANDSHAKE.toString());
    }
    return Base64.getDecoder().decode(value.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The headers as the caller of the stream knows them. */
  static Http2Headers without(Http2Headers headers) {
    Http2Headers own = new DefaultHttp2Headers(false).setAll(headers);
    own.remove(HANDSHAKE);
    own.remove(HANDOVER);
    return own;
  }

  private static AsciiString encode(byte[] value) {
    return new AsciiString(ENCODER.encode(value), false);
  }
}
