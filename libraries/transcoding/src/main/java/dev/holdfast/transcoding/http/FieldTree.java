package dev.holdfast.transcoding.http;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one message that path and query parameters set, until the message is written. A
 * singular field may be set once, and of a oneof one member. Not thread-safe.
 */
final class FieldTree {
  /** The empty tree; must not be modified. */
  static final FieldTree NOTHING = new FieldTree();

  private final Map<FieldDescriptor, FieldTree> messages = new LinkedHashMap<>();
  private final Map<OneofDescriptor, FieldDescriptor> oneofs = new HashMap<>();
  private final Set<Object> said = new HashSet<>();
  private final ProtoMessageWriter values = new ProtoMessageWriter();

  boolean isEmpty() {
    return said.isEmpty() && messages.isEmpty();
  }

  /**
   * Sets a field at the end of a path of message fields.
   *
   * @throws RequestRefusedException when the field, or another member of its oneof, is set already
   */
  void put(List<FieldDescriptor> path, String text, String what, TextFieldWriter writer)
      throws IOException {
    FieldTree tree = parent(path, what);
    FieldDescriptor field = path.get(path.size() - 1);
    if (!field.isRepeated()) {
      tree.claim(field, field, what);
    }
    writer.write(field, text, what, tree.values.out());
    tree.said.add(field);
  }

  /** Adds a map entry to a field at the end of a path of message fields. */
  void putEntry(
      List<FieldDescriptor> path, String key, String text, String what, TextFieldWriter writer)
      throws IOException {
    FieldTree tree = parent(path, what);
    FieldDescriptor field = path.get(path.size() - 1);
    tree.claim(field, Map.entry(field, key), what);
    ProtoMessageWriter entry = new ProtoMessageWriter();
    writer.write(field.getMessageType().findFieldByNumber(1), key, what + ", key", entry.out());
    writer.write(field.getMessageType().findFieldByNumber(2), text, what, entry.out());
    entry.writeTo(field.getNumber(), tree.values.out());
  }

  /** Whether the field, or anything below it, was set. */
  boolean has(FieldDescriptor field) {
    return said.contains(field) || messages.containsKey(field);
  }

  /** The bytes of a field that was set, with its tag; null when it was not. */
  byte @Nullable [] last(List<FieldDescriptor> path) throws IOException {
    FieldTree tree = this;
    for (FieldDescriptor field : path.subList(0, path.size() - 1)) {
      tree = tree.child(field);
    }
    byte[] own = tree.values.toByteArray();
    return ProtoFieldScanner.last(own, 0, own.length, path.subList(path.size() - 1, path.size()));
  }

  /** The tree of a message field; {@link #NOTHING} when nothing was set below it. */
  FieldTree child(FieldDescriptor field) {
    FieldTree tree = messages.get(field);
    return tree == null ? NOTHING : tree;
  }

  void writeTo(CodedOutputStream out) throws IOException {
    writeWithout(null, out);
  }

  /**
   * Writes all but one field.
   *
   * @param left the field to leave out; null for none
   */
  void writeWithout(@Nullable FieldDescriptor left, CodedOutputStream out) throws IOException {
    byte[] own = values.toByteArray();
    out.writeRawBytes(own);
    for (Map.Entry<FieldDescriptor, FieldTree> message : messages.entrySet()) {
      FieldDescriptor field = message.getKey();
      if (field == left) {
        continue;
      }
      ProtoMessageWriter inner = new ProtoMessageWriter();
      message.getValue().writeTo(inner.out());
      if (field.getType() == FieldDescriptor.Type.GROUP) {
        out.writeTag(field.getNumber(), 3);
        out.writeRawBytes(inner.toByteArray());
        out.writeTag(field.getNumber(), 4);
      } else {
        inner.writeTo(field.getNumber(), out);
      }
    }
  }

  private FieldTree parent(List<FieldDescriptor> path, String what) {
    FieldTree tree = this;
    for (FieldDescriptor field : path.subList(0, path.size() - 1)) {
      if (tree.said.contains(field)) {
        throw again(what, field);
      }
      tree.claimOneof(field, what);
      tree = tree.messages.computeIfAbsent(field, message -> new FieldTree());
    }
    return tree;
  }

  private void claim(FieldDescriptor field, Object key, String what) {
    if (!said.add(key) || messages.containsKey(field)) {
      throw again(what, field);
    }
    claimOneof(field, what);
  }

  private void claimOneof(FieldDescriptor field, String what) {
    OneofDescriptor oneof = field.getRealContainingOneof();
    if (oneof == null) {
      return;
    }
    FieldDescriptor other = oneofs.putIfAbsent(oneof, field);
    if (other != null && other != field) {
      throw RequestRefusedException.badRequest(
          "%s: given beside %s (expected: one of oneof %s)"
              .formatted(what, other.getName(), oneof.getName()));
    }
  }

  private static RequestRefusedException again(String what, FieldDescriptor field) {
    return RequestRefusedException.badRequest(
        "%s: field %s is given twice (expected: once)".formatted(what, field.getFullName()));
  }
}
