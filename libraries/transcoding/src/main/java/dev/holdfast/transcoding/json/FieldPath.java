package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.FieldDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The path to a field within a message, to write that field alone. Appends a whole message in
 * binary form that has only this field. Protobuf parsers merge concatenated messages, so path,
 * query and body of a request can be written one after the other. Nested messages merge, repeated
 * fields concatenate, and the last value of a singular field wins. Immutable and thread-safe.
 */
public final class FieldPath {
  private final JsonCodec codec;
  private final FieldPlan[] outer;
  private final FieldPlan leaf;
  private final MessageType root;

  private FieldPath(MessageType root, List<FieldPlan> steps) {
    this.root = root;
    this.codec = root.codec;
    this.leaf = steps.get(steps.size() - 1);
    this.outer = steps.subList(0, steps.size() - 1).toArray(new FieldPlan[0]);
  }

  static Optional<FieldPath> find(MessageType root, String dotted) {
    List<FieldPlan> steps = new ArrayList<>();
    MessageType type = root;
    for (String name : dotted.split("\\.", -1)) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      FieldPlan step = type == null ? null : type.byName(bytes, 0, bytes.length);
      if (step == null || steps.size() >= JsonCodec.MAX_DEPTH) {
        return Optional.empty();
      }
      steps.add(step);
      boolean through =
          step.message != null
              && !step.repeated
              && !step.map
              && step.message.wellKnown == WellKnown.NONE;
      type = through ? step.message : null;
    }
    return Optional.of(new FieldPath(root, steps));
  }

  /** The message type at the start of the path. */
  public MessageType root() {
    return root;
  }

  /** The field at the end of the path. */
  public FieldDescriptor field() {
    return leaf.descriptor;
  }

  /** The type of the field's values when they are messages (of a map: its entries). */
  public Optional<MessageType> messageType() {
    return Optional.ofNullable(leaf.message);
  }

  /** Whether text can be parsed as a value: scalars, enums, wrappers, times and field masks. */
  public boolean takesText() {
    return !leaf.map && isText(leaf);
  }

  /** Whether the field is a map whose values can be parsed from text. */
  public boolean takesEntries() {
    return leaf.map && isText(leaf.mapValue());
  }

  private static boolean isText(FieldPlan field) {
    if (field.message == null) {
      return true;
    }
    return switch (field.message.wellKnown) {
      case WRAPPER, TIMESTAMP, DURATION, FIELD_MASK -> true;
      default -> false;
    };
  }

  /**
   * Appends the field with a value from text, as in a URL: a JSON string's content, or JSON itself
   * for types without quotes. A repeated field gets one more element.
   *
   * @throws CodecException when the text is not a value of the field's type
   */
  public void text(String value, CodecBuffer out) throws CodecException {
    write(out, () -> valueOfText(leaf, value, out));
  }

  /** Appends one entry of a map, as {@link #text} for its key and value. */
  public void entry(String key, String value, CodecBuffer out) throws CodecException {
    if (!leaf.map) {
      throw new CodecException(leaf.name, "given by key (expected: a map)", -1);
    }
    write(
        out,
        () -> {
          out.putVarint32(leaf.tag);
          int content = out.open();
          valueOfText(leaf.mapKey(), key, out);
          valueOfText(leaf.mapValue(), value, out);
          out.close(content);
        });
  }

  /**
   * Appends the field with a JSON value, which is a whole array or object for a repeated field or
   * map. For null only the enclosing messages are appended.
   *
   * @throws CodecException when the JSON is malformed or does not fit the type
   */
  public void json(byte[] json, int offset, int length, CodecBuffer out) throws CodecException {
    Objects.checkFromIndexSize(offset, length, json.length);
    root.checkLength(length);
    write(out, () -> new JsonReader(codec, json, offset, offset + length, out).field(leaf));
  }

  private void valueOfText(FieldPlan field, String value, CodecBuffer out) throws CodecException {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    root.checkLength(bytes.length);
    new JsonReader(codec, bytes, 0, bytes.length, out).fieldOfText(field);
  }

  /** Writes a part within the messages of the path; on failure nothing is appended. */
  private void write(CodecBuffer out, Part part) throws CodecException {
    int before = out.size;
    boolean done = false;
    try {
      int[] contents = new int[outer.length];
      for (int i = 0; i < outer.length; i++) {
        out.putVarint32(outer[i].tag);
        contents[i] = outer[i].isGroup() ? 0 : out.open();
      }
      part.write();
      for (int i = outer.length - 1; i >= 0; i--) {
        if (outer[i].isGroup()) {
          out.putVarint32(outer[i].tag + 1);
        } else {
          out.close(contents[i]);
        }
      }
      done = true;
    } catch (CodecException e) {
      throw within(e);
    } finally {
      out.size = done ? out.size : before;
    }
  }

  private CodecException within(CodecException failure) {
    CodecException seen = failure.path().isEmpty() ? failure.within(leaf.name) : failure;
    for (int i = outer.length - 1; i >= 0; i--) {
      seen = seen.within(outer[i].name);
    }
    return seen;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (FieldPlan step : outer) {
      text.append(step.name).append('.');
    }
    return text.append(leaf.name).toString();
  }

  /** The writer of the innermost message's content. */
  private interface Part {
    void write() throws CodecException;
  }
}
