package dev.holdfast.cli.fleet;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row of a view.
 *
 * @param source the key of the process that listed it; "" for rows of the registry
 * @param values texts, numbers and booleans by the name of their field, in order
 */
public record FleetRow(String source, Map<String, Object> values) {

  /** The row of a message, with the fields that are not set too. */
  static FleetRow of(Message message, String source, String instance) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("instance", instance);
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      values.put(field.getName(), message.getField(field));
    }
    return new FleetRow(source, values);
  }

  /** The order by one field; rows without it come first. */
  static Comparator<FleetRow> order(String field, boolean ascending) {
    Comparator<FleetRow> order = (a, b) -> compare(a.values.get(field), b.values.get(field));
    return ascending ? order : order.reversed();
  }

  private static int compare(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Number one && b instanceof Number other) {
      return Long.compare(one.longValue(), other.longValue());
    }
    return text(a).compareTo(text(b));
  }

  private static String text(@Nullable Object value) {
    return value == null ? "" : value.toString();
  }
}
