package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message type, compiled for translation in both directions. Made by {@link JsonCodec#type}.
 * Immutable and thread-safe.
 */
public final class MessageType {
  /** The largest field number that is looked up in an array. */
  private static final int DENSE_NUMBERS = 1024;

  final JsonCodec codec;
  final WellKnown wellKnown;

  /** The fields by number, including extensions. */
  final FieldPlan[] fields;

  final int requiredCount;

  /** The number of oneofs, without the synthetic ones of proto3's optional. */
  final int oneofs;

  private final Descriptor descriptor;
  private final NameTable<FieldPlan> names;
  private final @Nullable FieldPlan[] dense;

  MessageType(JsonCodec codec, Descriptor descriptor) {
    this.codec = codec;
    this.descriptor = descriptor;
    this.wellKnown = WellKnown.of(descriptor);
    this.oneofs = descriptor.getRealOneofs().size();
    List<FieldDescriptor> all = new ArrayList<>(descriptor.getFields());
    all.addAll(codec.types().extensionsOf(descriptor));
    all.sort(Comparator.comparingInt(FieldDescriptor::getNumber));
    this.fields = new FieldPlan[all.size()];
    int required = 0;
    int highest = 0;
    boolean entry = descriptor.getOptions().getMapEntry();
    for (int i = 0; i < fields.length; i++) {
      fields[i] = new FieldPlan(all.get(i), i, codec.options(), entry);
      required += fields[i].required ? 1 : 0;
      highest = fields[i].number < DENSE_NUMBERS ? fields[i].number : highest;
    }
    this.requiredCount = required;
    this.names = new NameTable<>(byName(fields));
    this.dense = new FieldPlan[highest + 1];
    for (FieldPlan field : fields) {
      if (field.number <= highest) {
        dense[field.number] = field;
      }
    }
  }

  /**
   * The fields by name. JSON names win over proto names; of two fields with one name the lower
   * number wins.
   */
  private static Map<String, FieldPlan> byName(FieldPlan[] fields) {
    Map<String, FieldPlan> byName = new HashMap<>();
    for (FieldPlan field : fields) {
      if (!field.descriptor.isExtension()) {
        byName.putIfAbsent(field.descriptor.getJsonName(), field);
      }
    }
    for (FieldPlan field : fields) {
      byName.putIfAbsent(field.name, field);
    }
    return byName;
  }

  /** The descriptor it was made from. */
  public Descriptor descriptor() {
    return descriptor;
  }

  /**
   * Translates JSON and appends the message in binary form.
   *
   * @throws CodecException when the JSON is malformed or does not fit the type; nothing is appended
   *     then
   */
  public void toProto(byte[] json, int offset, int length, CodecBuffer out) throws CodecException {
    toProto(json, offset, length, false, out);
  }

  /**
   * Translates JSON, optionally with default values.
   *
   * @param keepDefaults whether explicit default values of fields without presence are written, so
   *     that they differ from absence
   */
  public void toProto(byte[] json, int offset, int length, boolean keepDefaults, CodecBuffer out)
      throws CodecException {
    Objects.checkFromIndexSize(offset, length, json.length);
    checkLength(length);
    int start = out.size;
    boolean done = false;
    try {
      JsonReader reader = new JsonReader(codec, json, offset, offset + length, out);
      if (keepDefaults) {
        reader.keepDefaults();
      }
      reader.message(this);
      done = true;
    } finally {
      out.size = done ? out.size : start;
    }
  }

  /** As {@link #toProto(byte[], int, int, CodecBuffer)}; the buffer's position stays. */
  public void toProto(ByteBuffer json, CodecBuffer out) throws CodecException {
    if (json.hasArray()) {
      toProto(json.array(), json.arrayOffset() + json.position(), json.remaining(), out);
    } else {
      byte[] copy = copyOf(json);
      toProto(copy, 0, copy.length, out);
    }
  }

  /**
   * Translates a binary message and appends its JSON.
   *
   * @throws CodecException when the bytes are malformed or JSON can't represent the message;
   *     nothing is appended then
   */
  public void toJson(byte[] proto, int offset, int length, CodecBuffer out) throws CodecException {
    Objects.checkFromIndexSize(offset, length, proto.length);
    checkLength(length);
    int start = out.size;
    boolean done = false;
    try {
      new JsonWriter(codec, proto, offset, out).content(this, offset, offset + length, 1);
      done = true;
    } finally {
      out.size = done ? out.size : start;
    }
  }

  /** As {@link #toJson(byte[], int, int, CodecBuffer)}; the buffer's position stays. */
  public void toJson(ByteBuffer proto, CodecBuffer out) throws CodecException {
    if (proto.hasArray()) {
      toJson(proto.array(), proto.arrayOffset() + proto.position(), proto.remaining(), out);
    } else {
      byte[] copy = copyOf(proto);
      toJson(copy, 0, copy.length, out);
    }
  }

  void checkLength(int length) throws CodecException {
    int most = codec.options().maxInputBytes();
    if (length > most) {
      throw new CodecException("", length + " bytes (expected: at most " + most + ")", -1);
    }
  }

  private byte[] copyOf(ByteBuffer buffer) throws CodecException {
    checkLength(buffer.remaining());
    byte[] copy = new byte[buffer.remaining()];
    buffer.duplicate().get(copy);
    return copy;
  }

  @Nullable FieldPlan byNumber(int number) {
    if (number < dense.length) {
      return dense[number];
    }
    int low = 0;
    int high = fields.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int found = fields[middle].number;
      if (found == number) {
        return fields[middle];
      }
      if (found < number) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }

  /**
   * The field with a JSON name, a proto name, or the {@code [full.name]} of an extension; null for
   * none.
   */
  @Nullable FieldPlan byName(byte[] bytes, int from, int to) {
    return names.find(bytes, from, to);
  }

  @Override
  public String toString() {
    return "MessageType(" + descriptor.getFullName() + ")";
  }
}
