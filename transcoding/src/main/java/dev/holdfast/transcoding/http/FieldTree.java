package dev.holdfast.transcoding.http;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What path and query say of one message, field by field, until it is written. Each field that is
 * not repeated may be said once, and of a oneof one member. For one thread.
 */
final class FieldTree {
  /** One of which nothing was said; nobody puts anything in. */
  static final FieldTree NOTHING = new FieldTree();

  private final Map<FieldDescriptor, FieldTree> messages = new LinkedHashMap<>();
  private final Map<OneofDescriptor, FieldDescriptor> oneofs = new HashMap<>();
  private final Set<Object> said = new HashSet<>();
  private final ProtoBytes values = new ProtoBytes();

  boolean isEmpty() {
    return said.isEmpty() && messages.isEmpty();
  }

  /** Adds the text of a field that is reached through others. */
  void put(List<FieldDescriptor> path, String text, String what, FieldText writer)
      throws IOException {
    FieldTree tree = parent(path, what);
    FieldDescriptor field = path.get(path.size() - 1);
    if (!field.isRepeated()) {
      tree.claim(field, field, what);
    }
    writer.write(field, text, what, tree.values.out());
    tree.said.add(field);
  }

  /** Adds an entry of a map that is reached through others. */
  void putEntry(List<FieldDescriptor> path, String key, String text, String what, FieldText writer)
      throws IOException {
    FieldTree tree = parent(path, what);
    FieldDescriptor field = path.get(path.size() - 1);
    tree.claim(field, Map.entry(field, key), what);
    ProtoBytes entry = new ProtoBytes();
    writer.write(field.getMessageType().findFieldByNumber(1), key, what + ", key", entry.out());
    writer.write(field.getMessageType().findFieldByNumber(2), text, what, entry.out());
    entry.writeTo(field.getNumber(), tree.values.out());
  }

  /** Whether anything was said of a field. */
  boolean has(FieldDescriptor field) {
    return said.contains(field) || messages.containsKey(field);
  }

  /** The bytes of a field that was said once, with its tag; null when nothing was said. */
  byte @Nullable [] last(List<FieldDescriptor> path) throws IOException {
    FieldTree tree = this;
    for (FieldDescriptor field : path.subList(0, path.size() - 1)) {
      tree = tree.child(field);
    }
    byte[] own = tree.values.toByteArray();
    return ProtoFields.last(own, 0, own.length, path.subList(path.size() - 1, path.size()));
  }

  /** The tree of a field that is a message; for writing a body together with it. */
  FieldTree child(FieldDescriptor field) {
    FieldTree tree = messages.get(field);
    return tree == null ? NOTHING : tree;
  }

  void writeTo(CodedOutputStream out) throws IOException {
    writeWithout(null, out);
  }

  /** Writes all but one field. */
  void writeWithout(@Nullable FieldDescriptor left, CodedOutputStream out) throws IOException {
    byte[] own = values.toByteArray();
    out.writeRawBytes(own);
    for (Map.Entry<FieldDescriptor, FieldTree> message : messages.entrySet()) {
      FieldDescriptor field = message.getKey();
      if (field == left) {
        continue;
      }
      ProtoBytes inner = new ProtoBytes();
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
