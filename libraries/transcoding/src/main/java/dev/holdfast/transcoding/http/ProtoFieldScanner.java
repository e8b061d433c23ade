package dev.holdfast.transcoding.http;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A scanner for fields in serialized messages. */
final class ProtoFieldScanner {
  private ProtoFieldScanner() {}

  /**
   * The last value of a field with its tag, which a parser would keep; null for none.
   *
   * @param path the field, from the message inwards
   */
  static byte @Nullable [] last(byte[] message, int from, int to, List<FieldDescriptor> path)
      throws IOException {
    byte[] found = null;
    CodedInputStream in = CodedInputStream.newInstance(message, from, to - from);
    while (!in.isAtEnd()) {
      int start = from + in.getTotalBytesRead();
      int tag = in.readTag();
      if (WireFormat.getTagFieldNumber(tag) != path.get(0).getNumber()) {
        in.skipField(tag);
      } else if (path.size() == 1) {
        in.skipField(tag);
        found = Arrays.copyOfRange(message, start, from + in.getTotalBytesRead());
      } else {
        boolean group = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_START_GROUP;
        int length = group ? 0 : in.readRawVarint32();
        int content = from + in.getTotalBytesRead();
        int end = content + length;
        if (group) {
          // A group has no length: it ends where its end tag begins.
          in.skipField(tag);
          end =
              from
                  + in.getTotalBytesRead()
                  - CodedOutputStream.computeTagSize(path.get(0).getNumber());
        } else {
          in.skipRawBytes(length);
        }
        byte[] inner = last(message, content, end, path.subList(1, path.size()));
        found = inner == null ? found : inner;
      }
    }
    return found;
  }

  /** The content of a field that is a string, bytes or a message, all occurrences in a row. */
  static byte @Nullable [] content(byte[] message, int from, int to, int number)
      throws IOException {
    ByteArrayOutputStream content = null;
    CodedInputStream in = CodedInputStream.newInstance(message, from, to - from);
    while (!in.isAtEnd()) {
      int tag = in.readTag();
      if (WireFormat.getTagFieldNumber(tag) == number
          && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        content = content == null ? new ByteArrayOutputStream() : content;
        content.writeBytes(in.readByteArray());
      } else {
        in.skipField(tag);
      }
    }
    return content == null ? null : content.toByteArray();
  }

  /** The content of the last occurrence of a field that is a string or bytes. */
  static byte @Nullable [] lastContent(byte[] message, int from, int to, int number)
      throws IOException {
    byte[] content = null;
    CodedInputStream in = CodedInputStream.newInstance(message, from, to - from);
    while (!in.isAtEnd()) {
      int tag = in.readTag();
      if (WireFormat.getTagFieldNumber(tag) == number
          && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        content = in.readByteArray();
      } else {
        in.skipField(tag);
      }
    }
    return content;
  }

  /** The message without all fields but one. */
  static byte[] only(byte[] message, int from, int to, int number) throws IOException {
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    CodedInputStream in = CodedInputStream.newInstance(message, from, to - from);
    while (!in.isAtEnd()) {
      int start = from + in.getTotalBytesRead();
      int tag = in.readTag();
      in.skipField(tag);
      if (WireFormat.getTagFieldNumber(tag) == number) {
        kept.write(message, start, from + in.getTotalBytesRead() - start);
      }
    }
    return kept.toByteArray();
  }
}
