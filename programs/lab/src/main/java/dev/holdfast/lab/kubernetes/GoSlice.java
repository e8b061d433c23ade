package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.util.List;

/** The JSON of a list as Go writes a slice: null when it has no elements. */
final class GoSlice {
  private GoSlice() {}

  /** Adds a field with elements that are JSON text already. */
  static JsonTextWriter write(JsonTextWriter json, String name, List<String> elements) {
    if (elements.isEmpty()) {
      return json.withValue(name, null);
    }
    json.array(name);
    elements.forEach(json::json);
    return json.endArray();
  }
}
