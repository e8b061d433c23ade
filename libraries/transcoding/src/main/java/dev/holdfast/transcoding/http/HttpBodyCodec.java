package dev.holdfast.transcoding.http;

import com.google.protobuf.Descriptors.Descriptor;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** google.api.HttpBody: bytes that are a body as they are. */
final class HttpBodyCodec {
  static final String TYPE = "google.api.HttpBody";
  static final String DEFAULT_CONTENT_TYPE = "application/octet-stream";
  private static final int CONTENT_TYPE = 1;
  private static final int DATA = 2;

  private HttpBodyCodec() {}

  static boolean is(Descriptor type) {
    return type.getFullName().equals(TYPE);
  }

  /** An HttpBody as a message. */
  static byte[] encode(String contentType, byte[] body, int offset, int length) throws IOException {
    ProtoMessageWriter message = new ProtoMessageWriter();
    if (!contentType.isEmpty()) {
      message.out().writeString(CONTENT_TYPE, contentType);
    }
    if (length > 0) {
      message.out().writeTag(DATA, 2);
      message.out().writeUInt32NoTag(length);
      message.out().writeRawBytes(body, offset, length);
    }
    return message.toByteArray();
  }

  /** Appends the bytes of an HttpBody and returns its content type. */
  static String decode(byte[] message, int offset, int length, CodecBuffer out)
      throws IOException, CodecException {
    byte[] data = lastContent(message, offset, length, DATA);
    out.append(data, 0, data.length);
    byte[] type = lastContent(message, offset, length, CONTENT_TYPE);
    String contentType = new String(type, StandardCharsets.UTF_8);
    return isHeaderValue(contentType) ? contentType : DEFAULT_CONTENT_TYPE;
  }

  private static byte[] lastContent(byte[] message, int offset, int length, int number)
      throws IOException {
    byte[] content = ProtoFieldScanner.lastContent(message, offset, offset + length, number);
    return content == null ? new byte[0] : content;
  }

  /** Whether a text is safe as a header value, so that an upstream can't inject headers. */
  private static boolean isHeaderValue(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= ' ' && c < 0x7F);
  }
}
