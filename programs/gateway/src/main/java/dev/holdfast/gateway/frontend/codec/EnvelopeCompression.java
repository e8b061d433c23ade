package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.gateway.gzip.AcceptEncoding;
import dev.holdfast.gateway.gzip.GzipDeflater;
import dev.holdfast.transcoding.http.EnvelopeReader;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import dev.holdfast.transcoding.status.RequestRefusedException;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** The compression of messages in one stream of envelopes, in both directions. Immutable. */
public final class EnvelopeCompression {
  private static final int COMPRESSED = ConnectErrors.COMPRESSED_FLAG;

  private static final String[] NONE = {};

  private final String header;
  private final boolean in;
  private final boolean out;

  private EnvelopeCompression(String header, boolean in, boolean out) {
    this.header = header;
    this.in = in;
    this.out = out;
  }

  /**
   * The compression that a request's headers negotiate.
   *
   * @param header names the coding of the messages
   * @param accepts the header with the codings that the client accepts
   * @throws RequestRefusedException UNIMPLEMENTED for an unsupported coding
   */
  public static EnvelopeCompression of(Http2Headers request, String header, String accepts) {
    boolean in = isGzip(header, AcceptEncoding.joined(request.getAll(header)));
    boolean out = AcceptEncoding.takesGzip(AcceptEncoding.joined(request.getAll(accepts)));
    return new EnvelopeCompression(header, in, out);
  }

  /** No compression, for requests that are answered without reading their messages. */
  public static EnvelopeCompression none(String header) {
    return new EnvelopeCompression(header, false, false);
  }

  /**
   * Whether a list of codings names gzip; false for identity only.
   *
   * @param name of the header, for the error message
   * @param codings the header's value, a list
   * @throws RequestRefusedException UNIMPLEMENTED when there is another coding, or more than one
   */
  public static boolean isGzip(String name, @Nullable CharSequence codings) {
    boolean gzip = false;
    for (String each : codings == null ? NONE : codings.toString().split(",", -1)) {
      String coding = each.strip();
      if (coding.isEmpty() || coding.equalsIgnoreCase("identity")) {
        continue;
      }
      if (gzip || !coding.equalsIgnoreCase(AcceptEncoding.GZIP)) {
        throw RequestRefusedException.unsupportedEncoding(
            name + ": " + codings + " (expected: gzip or identity)");
      }
      gzip = true;
    }
    return gzip;
  }

  /** Whether request messages may be compressed. */
  public boolean isCompressed() {
    return in;
  }

  /**
   * Inflates a request message if needed and passes it on.
   *
   * @throws RequestRefusedException INTERNAL for a compressed message without a negotiated coding,
   *     as gRPC and Connect specify; UNIMPLEMENTED for other flags
   */
  public void read(
      int flags,
      byte[] message,
      int offset,
      int length,
      FrontendCodec.RequestMessageSink requestMessageSink) {
    if (flags == 0) {
      requestMessageSink.message(message, offset, length);
    } else if (flags != COMPRESSED) {
      throw RequestRefusedException.unsupportedEncoding(
          "body: a message with flag " + flags + " (expected: 0 or 1)");
    } else if (!in) {
      throw RequestRefusedException.brokenFraming(
          "body: a compressed message (expected: none without " + header + ")");
    } else {
      byte[] inflated = MessageInflater.message(message, offset, length);
      requestMessageSink.message(inflated, 0, inflated.length);
    }
  }

  /** The envelope of a response message, compressed if that is negotiated and makes it smaller. */
  public byte[] envelope(byte[] message, int offset, int length) {
    GzipDeflater deflater = GzipDeflater.ofThread();
    if (out && deflater.mayDeflate(length)) {
      byte[] deflated = deflater.deflate(message, offset, length);
      if (deflated.length < length) {
        return EnvelopeReader.envelope(COMPRESSED, deflated, 0, deflated.length);
      }
    }
    return EnvelopeReader.envelope(0, message, offset, length);
  }

  /** Adds the header of the response's message coding, if compression is negotiated. */
  public Http2Headers in(Http2Headers head) {
    return out ? head.set(header, AcceptEncoding.GZIP) : head;
  }
}
