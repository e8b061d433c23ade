package dev.holdfast.registry.kubernetes.internal.credentials;

import dev.holdfast.core.NearestName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A value in a YAML file that knows where it stands, so that an error names file, key and what was
 * expected. Values are never shown: any of them may be a secret.
 *
 * @param place the file, and where in it
 */
record YamlNode(String place, @Nullable Object value) {
  /** The place of a file's root ends so. */
  static final String ROOT = ": ";

  private static final int NEAR_ENOUGH_EDITS = 3;

  boolean isPresent() {
    return value != null;
  }

  /** The value of a key; absent when there is none, or when this is absent. */
  YamlNode at(String key) throws IOException {
    String separator = place.endsWith(ROOT) ? "" : ".";
    return new YamlNode(place + separator + key, value == null ? null : map().get(key));
  }

  /** The elements of a list, none when it is absent. */
  List<YamlNode> elements() throws IOException {
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw expected("a list");
    }
    List<YamlNode> nodes = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      nodes.add(new YamlNode(place + "[" + i + "]", list.get(i)));
    }
    return nodes;
  }

  Optional<String> text() throws IOException {
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof Map || value instanceof List) {
      throw expected("a text");
    }
    return Optional.of(value.toString()).filter(t -> !t.isEmpty());
  }

  String requiredText(String expected) throws IOException {
    return text().orElseThrow(() -> expected(expected));
  }

  boolean booleanValue() throws IOException {
    if (value == null) {
      return false;
    }
    if (!(value instanceof Boolean truth)) {
      throw expected("true or false");
    }
    return truth;
  }

  /** Refuses keys that are not known: each of them may change who asks whom. */
  void requireKnown(Set<String> known) throws IOException {
    for (Object key : value == null ? Set.of() : map().keySet()) {
      String name = String.valueOf(key);
      if (!known.contains(name)) {
        String nearest = NearestName.of(name, known, NEAR_ENOUGH_EDITS);
        throw new IOException(
            place
                + "."
                + name
                + ": not known (expected: "
                + (nearest.isEmpty()
                    ? "one of " + String.join(", ", new TreeSet<>(known))
                    : nearest)
                + ")");
      }
    }
  }

  IOException expected(String what) {
    return new IOException(
        place
            + ": "
            + (value == null ? "missing" : "not understood")
            + " (expected: "
            + what
            + ")");
  }

  private Map<?, ?> map() throws IOException {
    if (!(value instanceof Map<?, ?> map)) {
      throw expected("a mapping");
    }
    return map;
  }
}
