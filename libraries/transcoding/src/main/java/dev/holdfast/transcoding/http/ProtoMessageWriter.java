package dev.holdfast.transcoding.http;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** A small message under construction. */
final class ProtoMessageWriter {
  private static final int BUFFER_BYTES = 64;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CodedOutputStream out = CodedOutputStream.newInstance(bytes, BUFFER_BYTES);

  CodedOutputStream out() {
    return out;
  }

  byte[] toByteArray() throws IOException {
    out.flush();
    return bytes.toByteArray();
  }

  /** Writes all of it as a field of another message. */
  void writeTo(int number, CodedOutputStream other) throws IOException {
    other.writeByteArray(number, toByteArray());
  }
}
