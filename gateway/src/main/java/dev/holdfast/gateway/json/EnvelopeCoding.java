package dev.holdfast.gateway.json;

import dev.holdfast.gateway.gzip.AcceptEncoding;
import dev.holdfast.gateway.gzip.GzipDeflater;
import dev.holdfast.transcoding.http.EnvelopeReader;
import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** How the messages of one stream in envelopes are compressed, in and out. Immutable. */
final class EnvelopeCoding {
  private static final int COMPRESSED = ConnectErrors.COMPRESSED_FLAG;

  private static final String[] NONE = {};

  private final String header;
  private final boolean in;
  private final boolean out;

  private EnvelopeCoding(String header, boolean in, boolean out) {
    this.header = header;
    this.in = in;
    this.out = out;
  }

  /**
   * As the headers of the request say.
   *
   * @param header that names the coding of its messages
   * @param accepts the header that lists those of the answer's
   * @throws RequestRefusedException UNIMPLEMENTED for a coding that is not known
   */
  static EnvelopeCoding of(Http2Headers request, String header, String accepts) {
    boolean in = isGzip(header, AcceptEncoding.joined(request.getAll(header)));
    boolean out = AcceptEncoding.takesGzip(AcceptEncoding.joined(request.getAll(accepts)));
    return new EnvelopeCoding(header, in, out);
  }

  /** Of requests that are answered without a look at their messages. */
  static EnvelopeCoding none(String header) {
    return new EnvelopeCoding(header, false, false);
  }

  /**
   * Whether a coding is gzip, and not identity.
   *
   * @param name where it stands, for who is told
   * @param codings all that stands there, a list
   * @throws RequestRefusedException UNIMPLEMENTED when it is another, or there are two
   */
  static boolean isGzip(String name, @Nullable CharSequence codings) {
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

  /** Whether messages of the request may be compressed. */
  boolean isCompressed() {
    return in;
  }

  /**
   * Hands one message of the request on, inflated.
   *
   * @throws RequestRefusedException INTERNAL for a compressed one where none may be, as gRPC and
   *     Connect say; UNIMPLEMENTED for other flags
   */
  void read(int flags, byte[] message, int offset, int length, Dialect.Sink sink) {
    if (flags == 0) {
      sink.message(message, offset, length);
    } else if (flags != COMPRESSED) {
      throw RequestRefusedException.unsupportedEncoding(
          "body: a message with flag " + flags + " (expected: 0 or 1)");
    } else if (!in) {
      throw RequestRefusedException.brokenFraming(
          "body: a compressed message (expected: none without " + header + ")");
    } else {
      byte[] inflated = Inflated.message(message, offset, length);
      sink.message(inflated, 0, inflated.length);
    }
  }

  /** One message of the answer. */
  byte[] envelope(byte[] message, int offset, int length) {
    GzipDeflater deflater = GzipDeflater.ofThread();
    if (out && deflater.mayDeflate(length)) {
      byte[] deflated = deflater.deflate(message, offset, length);
      if (deflated.length < length) {
        return EnvelopeReader.envelope(COMPRESSED, deflated, 0, deflated.length);
      }
    }
    return EnvelopeReader.envelope(0, message, offset, length);
  }

  /** Says in the head of the answer that messages may be compressed. */
  Http2Headers in(Http2Headers head) {
    return out ? head.set(header, AcceptEncoding.GZIP) : head;
  }
}
