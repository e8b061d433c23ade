package dev.holdfast.cli.kubernetes.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A node of a manifest's tree: each knows its plain value, and its text in a chart's template. */
public sealed interface ManifestNode {
  /**
   * A text, number or truth value.
   *
   * @param plain the value
   * @param template what a template has in its place; empty for the value itself
   */
  record Scalar(Object plain, String template) implements ManifestNode {}

  /**
   * A text of several lines.
   *
   * @param expression the Helm expression of the text
   */
  record Lines(String plain, String expression) implements ManifestNode {}

  /**
   * A value that users of a chart replace as a whole: a map or a list.
   *
   * @param expression the Helm expression of the value
   */
  record Whole(Object plain, String expression) implements ManifestNode {}

  /** A map with its keys in order. Confined to the thread that builds it. */
  final class Fields implements ManifestNode {
    private final List<Field> fields = new ArrayList<>();

    /** A field; one without a key stands for further fields that users of a chart give. */
    record Field(String key, ManifestNode node, Condition condition) {}

    /** Adds a field. A value is a node, or a text, number, truth value, map or list. */
    public Fields with(String key, Object value) {
      return with(key, value, Condition.ALWAYS);
    }

    /** Adds a field that is there under a condition, which the first field can't have. */
    public Fields with(String key, Object value, Condition condition) {
      if (fields.isEmpty() && !condition.template().isEmpty()) {
        throw new IllegalArgumentException(key + ": first and conditional (expected: one of both)");
      }
      fields.add(new Field(key, node(value), condition));
      return this;
    }

    /** Adds the fields of a map that only users of a chart give. */
    public Fields withFieldsOf(String expression) {
      fields.add(new Field("", new Whole(Map.of(), expression), Condition.ALWAYS));
      return this;
    }

    List<Field> fields() {
      return fields;
    }
  }

  /** A list in its order. Confined to the thread that builds it. */
  final class Items implements ManifestNode {
    private final List<Item> items = new ArrayList<>();

    /** An item; a {@link Whole} stands for further items that users of a chart give. */
    record Item(ManifestNode node, Condition condition) {}

    /** Adds an item: a node, a text or a number. */
    public Items with(Object value) {
      return with(value, Condition.ALWAYS);
    }

    /** Adds an item that is there under a condition. */
    public Items with(Object value, Condition condition) {
      items.add(new Item(node(value), condition));
      return this;
    }

    /** Adds the items of a list that only users of a chart give. */
    public Items withItemsOf(String expression) {
      items.add(new Item(new Whole(List.of(), expression), Condition.ALWAYS));
      return this;
    }

    List<Item> items() {
      return items;
    }
  }

  /** An empty map, to be filled. */
  static Fields fields() {
    return new Fields();
  }

  /** An empty list, to be filled. */
  static Items items() {
    return new Items();
  }

  /** A value that a template has as given: text with Helm expressions in it. */
  static Scalar scalar(Object plain, String template) {
    return new Scalar(plain, template);
  }

  /** A node as it is; a map, list or value as a node. */
  static ManifestNode node(Object value) {
    if (value instanceof ManifestNode node) {
      return node;
    }
    if (value instanceof Map<?, ?> map) {
      Fields fields = new Fields();
      map.forEach((key, each) -> fields.with(String.valueOf(key), each));
      return fields;
    }
    if (value instanceof List<?> list) {
      Items items = new Items();
      list.forEach(items::with);
      return items;
    }
    return new Scalar(value, "");
  }
}
