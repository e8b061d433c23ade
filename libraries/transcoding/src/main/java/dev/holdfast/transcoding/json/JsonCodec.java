package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.holdfast.core.annotation.Limit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Codec between JSON and protobuf's binary form, with message types that are compiled once.
 * Thread-safe; one for each set of schemas and options.
 */
public final class JsonCodec {
  /** The maximum nesting of messages, objects and arrays: 100, as in protobuf's own parsers. */
  @Limit(
      of = "levels of nesting in a message that is read or written as JSON",
      then = "the message is refused as malformed")
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

  /** The options of the JSON mapping. */
  public JsonOptions options() {
    return options;
  }

  /** The message types that an Any may hold. */
  public SchemaTypes types() {
    return types;
  }

  /** The compiled form of a message type, made on first use with all types that it refers to. */
  public MessageType type(Descriptor descriptor) {
    MessageType known = compiled.get(descriptor);
    return known != null ? known : compile(descriptor);
  }

  /**
   * The JSON name of the field that an unknown name probably means; "" when none is near, or when
   * {@link JsonOptions#nearestNames} is off.
   */
  public String nearestField(Descriptor descriptor, String given) {
    return options.nearestNames() ? NearestField.of(given, type(descriptor).fields) : "";
  }

  /** Compiles a type. All types that it refers to are complete before any of them is published. */
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
