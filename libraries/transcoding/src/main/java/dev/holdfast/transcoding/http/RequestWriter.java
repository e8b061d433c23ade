package dev.holdfast.transcoding.http;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.transcoding.http.HttpBinding.BodyKind;
import dev.holdfast.transcoding.internal.route.PathTemplate;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Composer of a request message from the body and the fields of path and query. A nested message
 * from several sources is written as several occurrences, which every protobuf parser merges.
 */
final class RequestWriter {
  private final HttpBinding binding;
  private final JsonCodec codec;
  private final FieldMaskPaths masks;
  private final FieldTree fields;
  private final String contentType;
  private final boolean lenient;

  /** Whether body fields must be compared with path variables. */
  private final boolean isCompared;

  RequestWriter(
      HttpBinding binding,
      JsonCodec codec,
      FieldMaskPaths masks,
      FieldTree fields,
      String contentType,
      boolean lenient) {
    this.binding = binding;
    this.codec = codec;
    this.masks = masks;
    this.fields = fields;
    this.contentType = contentType;
    this.lenient = lenient;
    this.isCompared = !fields.isEmpty() && !binding.variables().isEmpty();
  }

  /** Appends the request message of a body. */
  void write(byte[] body, int offset, int length, CodecBuffer out)
      throws IOException, CodecException {
    int start = out.size();
    FieldDescriptor field = binding.bodyField();
    if (field != null) {
      writeField(field, body, offset, length, out);
      return;
    }
    if (binding.bodyKind() == BodyKind.NONE) {
      requireNoBody(body, offset, length);
    } else if (length > 0) {
      appendBody(binding.method().input(), body, offset, length, out);
    }
    if (!fields.isEmpty()) {
      requireAgreement(out.array(), start, out.size(), 0);
      append(fields, null, out);
    }
  }

  private void writeField(
      FieldDescriptor field, byte[] body, int offset, int length, CodecBuffer out)
      throws IOException, CodecException {
    if (length > 0 && isSingleMessage(field)) {
      CodecBuffer message = new CodecBuffer();
      appendBody(field.getMessageType(), body, offset, length, message);
      requireAgreement(message.array(), 0, message.size(), 1);
      append(fields.child(field), null, message);
      appendTagged(field, message, out);
      append(fields, field, out);
    } else {
      if (length > 0) {
        appendWrapped(field, body, offset, length, out);
      }
      append(fields, null, out);
    }
    FieldDescriptor mask = FieldMaskPaths.maskOf(binding.method().input());
    if (mask != null
        && binding.httpMethod().equals("PATCH")
        && isSingleMessage(field)
        && !fields.has(mask)
        && !HttpBodyCodec.is(field.getMessageType())) {
      appendMask(mask, field, body, offset, length, out);
    }
  }

  private void appendBody(Descriptor type, byte[] body, int offset, int length, CodecBuffer out)
      throws IOException, CodecException {
    if (HttpBodyCodec.is(type)) {
      byte[] message = HttpBodyCodec.encode(contentType, body, offset, length);
      out.append(message, 0, message.length);
      return;
    }
    translate(type, body, offset, length, out);
  }

  private void translate(Descriptor type, byte[] json, int offset, int length, CodecBuffer out) {
    try {
      codec.type(type).toProto(json, offset, length, isCompared, out);
    } catch (CodecException e) {
      throw RequestRefusedException.badRequest("body: " + e.getMessage());
    }
  }

  /**
   * Translates a body that is not a message by wrapping it in an object as the value of its field.
   */
  private void appendWrapped(
      FieldDescriptor field, byte[] body, int offset, int length, CodecBuffer out) {
    if (!JsonSpans.isOneValue(body, offset, offset + length)) {
      throw RequestRefusedException.badRequest("body: not one value (expected: JSON)");
    }
    byte[] head =
        ("{" + JsonTextWriter.quoted(field.getJsonName()) + ":").getBytes(StandardCharsets.UTF_8);
    byte[] wrapped = new byte[head.length + length + 1];
    System.arraycopy(head, 0, wrapped, 0, head.length);
    System.arraycopy(body, offset, wrapped, head.length, length);
    wrapped[wrapped.length - 1] = '}';
    translate(binding.method().input(), wrapped, 0, wrapped.length, out);
  }

  private static void append(FieldTree tree, @Nullable FieldDescriptor left, CodecBuffer out)
      throws IOException, CodecException {
    if (tree.isEmpty()) {
      return;
    }
    ProtoMessageWriter bytes = new ProtoMessageWriter();
    tree.writeWithout(left, bytes.out());
    byte[] written = bytes.toByteArray();
    out.append(written, 0, written.length);
  }

  private static void appendTagged(FieldDescriptor field, CodecBuffer message, CodecBuffer out)
      throws IOException, CodecException {
    ProtoMessageWriter head = new ProtoMessageWriter();
    boolean group = field.getType() == FieldDescriptor.Type.GROUP;
    head.out().writeTag(field.getNumber(), group ? 3 : 2);
    if (!group) {
      head.out().writeUInt32NoTag(message.size());
    }
    byte[] written = head.toByteArray();
    out.append(written, 0, written.length);
    out.append(message.array(), 0, message.size());
    if (group) {
      ProtoMessageWriter tail = new ProtoMessageWriter();
      tail.out().writeTag(field.getNumber(), 4);
      out.append(tail.toByteArray(), 0, tail.toByteArray().length);
    }
  }

  private void appendMask(
      FieldDescriptor mask,
      FieldDescriptor field,
      byte[] body,
      int offset,
      int length,
      CodecBuffer out)
      throws IOException, CodecException {
    Set<String> left = new HashSet<>();
    for (PathTemplate.Variable variable : binding.pathTemplate().variables()) {
      if (variable.fieldPath().get(0).equals(field.getName())) {
        left.add(String.join(".", variable.fieldPath().subList(1, variable.fieldPath().size())));
      }
    }
    List<String> paths = masks.of(field.getMessageType(), body, offset, length, left);
    if (paths.isEmpty()) {
      return;
    }
    ProtoMessageWriter inner = new ProtoMessageWriter();
    for (String path : paths) {
      inner.out().writeString(1, path);
    }
    ProtoMessageWriter outer = new ProtoMessageWriter();
    inner.writeTo(mask.getNumber(), outer.out());
    byte[] written = outer.toByteArray();
    out.append(written, 0, written.length);
  }

  private static boolean isSingleMessage(FieldDescriptor field) {
    return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && !field.isRepeated();
  }

  private void requireNoBody(byte[] body, int offset, int length) {
    int end = offset + length;
    int at = JsonSpans.skipSpace(body, offset, end);
    if (lenient && at < end && body[at] == '{') {
      int close = JsonSpans.skipSpace(body, at + 1, end);
      at = close < end && body[close] == '}' ? JsonSpans.skipSpace(body, close + 1, end) : at;
    }
    if (at < end) {
      throw RequestRefusedException.badRequest(
          "body: " + length + " bytes (expected: none, its fields are in the query)");
    }
  }

  /** Requires that a field that is both in the path and in the body has the same value. */
  private void requireAgreement(byte[] message, int from, int to, int level) throws IOException {
    if (fields.isEmpty()) {
      return;
    }
    for (List<FieldDescriptor> path : binding.variables()) {
      if (level > 0 && path.get(0) != binding.bodyField()) {
        continue;
      }
      byte[] said = ProtoFieldScanner.last(message, from, to, path.subList(level, path.size()));
      byte[] bound = fields.last(path);
      if (said != null && !Arrays.equals(said, bound)) {
        throw RequestRefusedException.badRequest(
            "body: field %s contradicts the path (expected: what the path says, or nothing)"
                .formatted(name(path, level)));
      }
    }
  }

  private static String name(List<FieldDescriptor> path, int level) {
    StringBuilder name = new StringBuilder();
    for (FieldDescriptor field : path.subList(level, path.size())) {
      name.append(name.length() == 0 ? "" : ".").append(field.getName());
    }
    return name.toString();
  }
}
