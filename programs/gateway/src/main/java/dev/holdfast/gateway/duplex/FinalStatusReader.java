package dev.holdfast.gateway.duplex;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.streams.Payload;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * The reader of a final status: the code stands in the frame's header, description and trailers in
 * its body (docs/duplex-v1.md, "The header before a message").
 *
 * <p>A body that can't be read changes nothing but what it says. Trailers whose name or value HTTP
 * does not allow are dropped, because they become headers of a response.
 */
final class FinalStatusReader {
  @Limit(of = "trailers of a final status that a gateway reads", then = "the rest is dropped")
  static final int MAX_TRAILERS = 256;

  private static final int DESCRIPTION = 1;
  private static final int TRAILER = 2;
  private static final int KEY = 1;
  private static final int VALUE = 2;
  private static final String BINARY = "-bin";
  private static final Pattern NAME = Pattern.compile("[0-9a-z_.-]+");
  private static final Pattern TEXT = Pattern.compile("[ -~]*");

  private FinalStatusReader() {}

  /** Reads the end of a call. */
  static CallEnd read(int code, Payload body) {
    GrpcStatusCode status = GrpcStatusCode.of(code);
    Http2Headers trailers = new DefaultHttp2Headers(false);
    String description = "";
    try {
      CodedInputStream in = CodedInputStream.newInstance(body.toByteArray());
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (WireFormat.getTagFieldNumber(tag)) {
          case DESCRIPTION -> description = in.readBytes().toStringUtf8();
          case TRAILER -> addTrailer(in.readBytes(), trailers);
          default -> in.skipField(tag);
        }
      }
    } catch (IOException e) {
      return CallEnd.of(status, "gateway: the text of the final status can't be read");
    }
    return new CallEnd(status, description, trailers);
  }

  private static void addTrailer(ByteString entry, Http2Headers trailers) throws IOException {
    String name = "";
    ByteString value = ByteString.EMPTY;
    CodedInputStream in = entry.newCodedInput();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case KEY -> name = in.readBytes().toStringUtf8();
        case VALUE -> value = in.readBytes();
        default -> in.skipField(tag);
      }
    }
    if (trailers.size() >= MAX_TRAILERS || !NAME.matcher(name).matches()) {
      return;
    }
    String text =
        name.endsWith(BINARY)
            ? Base64.getEncoder().withoutPadding().encodeToString(value.toByteArray())
            : value.toString(StandardCharsets.ISO_8859_1);
    if (TEXT.matcher(text).matches()) {
      trailers.add(AsciiString.of(name), AsciiString.of(text));
    }
  }
}
