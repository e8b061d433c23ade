package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Translates between JSON and protobuf's binary form, by message types that are compiled once.
 * Thread-safe; one for each set of schemas and options.
 */
public final class JsonCodec {
  /**
   * How deep messages, objects and arrays may stand within each other: 100, as in protobuf's own
   * parsers.
   */
  public static final int MAX_DEPTH = 100;

  private final SchemaTypes types;
  private final JsonOptions options;
  private final Map<Descriptor, MessageType> compiled = new ConcurrentHashMap<>();

  private JsonCodec(SchemaTypes types, JsonOptions options) {
    this.types = types;
    this.options = options;
  }

  /** A codec with {@link JsonOptions#DEFAULT}. */
  public static JsonCodec of(SchemaTypes types) {
    return new JsonCodec(types, JsonOptions.DEFAULT);
  }

  /** A codec of the same types with other options. */
  public JsonCodec with(JsonOptions other) {
    return new JsonCodec(types, other);
  }

  /** The options. */
  public JsonOptions options() {
    return options;
  }

  /** What an Any may hold. */
  public SchemaTypes types() {
    return types;
  }

  /** The compiled form of a message type; made at the first call, with all types it refers to. */
  public MessageType type(Descriptor descriptor) {
    MessageType known = compiled.get(descriptor);
    return known != null ? known : compile(descriptor);
  }

  /**
   * The JSON name of the field that was probably meant by one that is not there; "" when none is
   * near, or {@link JsonOptions#nearestNames} says that errors don't tell it.
   */
  public String nearestField(Descriptor descriptor, String given) {
    return options.nearestNames() ? NearField.of(given, type(descriptor).fields) : "";
  }

  /** All types that a new one refers to are complete before any of them is seen by others. */
  private synchronized MessageType compile(Descriptor descriptor) {
    Map<Descriptor, MessageType> made = new ConcurrentHashMap<>();
    Deque<MessageType> open = new ArrayDeque<>();
    MessageType wanted = find(descriptor, made, open);
    while (!open.isEmpty()) {
      for (FieldPlan field : open.remove().fields) {
        if (field.descriptor.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
          field.message = find(field.descriptor.getMessageType(), made, open);
        }
      }
    }
    compiled.putAll(made);
    return wanted;
  }

  private MessageType find(
      Descriptor descriptor, Map<Descriptor, MessageType> made, Deque<MessageType> open) {
    MessageType known = compiled.get(descriptor);
    if (known == null) {
      known = made.get(descriptor);
    }
    if (known == null) {
      known = new MessageType(this, descriptor);
      made.put(descriptor, known);
      open.add(known);
    }
    return known;
  }
}
