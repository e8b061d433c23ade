package dev.holdfast.cli.gateway;

import dev.holdfast.cli.output.JsonText;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.gateway.config.GatewayKeys;
import dev.holdfast.gateway.config.Key;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The JSON schema of a gateway's file, generated from the table by which the file is read. */
public final class GatewaySchema {
  private static final Set<String> FLAGS = Set.of("true", "false");
  private static final String TYPE = "type";
  private static final String OBJECT = "object";

  private GatewaySchema() {}

  /** The schema in JSON Schema draft 2020-12. */
  public static JsonText schema() {
    return section(
        JsonText.object()
            .with("$schema", "https://json-schema.org/draft/2020-12/schema")
            .with("title", "A gateway's file"),
        GatewayKeys.FILE);
  }

  private static JsonText section(JsonText schema, GatewayKeys.Section section) {
    JsonText properties = JsonText.object();
    section.keys().forEach(key -> properties.with(key.name(), key(key)));
    schema.with(TYPE, OBJECT).with("properties", properties).with("additionalProperties", false);
    List<String> required = section.keys().stream().filter(Key::required).map(Key::name).toList();
    return required.isEmpty() ? schema : schema.with("required", required);
  }

  private static JsonText key(Key key) {
    JsonText schema = JsonText.object().with("description", description(key.value()));
    return switch (key.shape()) {
      case VALUE -> value(schema, key.value());
      case VALUES ->
          schema
              .with(TYPE, "array")
              .with("items", JsonText.object().with(TYPE, "string"))
              .with("minItems", 1);
      case GROUP -> key.below().map(below -> section(schema, below)).orElse(schema);
      case ITEMS -> schema.with(TYPE, "array").with("items", below(key));
      case NAMED, NAMED_VALUES ->
          schema.with(TYPE, OBJECT).with("additionalProperties", below(key));
    };
  }

  private static JsonText below(Key key) {
    JsonText map =
        key.below()
            .map(below -> section(JsonText.object(), below))
            .orElse(JsonText.object().with(TYPE, "string"));
    return key.text()
        ? JsonText.object().with("anyOf", List.of(text(JsonText.object()), map))
        : map;
  }

  private static JsonText value(JsonText schema, Tunable value) {
    if (value instanceof TunableNumber number) {
      return schema
          .with(TYPE, "integer")
          .with("minimum", (long) number.min())
          .with("maximum", (long) number.max())
          .with("default", number.wholeDefault());
    }
    if (value instanceof TunableDuration) {
      return schema.with(TYPE, "string").with("pattern", "^[0-9]{1,9}(ms|s|m|h)$");
    }
    if (value instanceof TunableChoice choice) {
      return schema.with("enum", choice.words().stream().map(GatewaySchema::word).toList());
    }
    return text(schema);
  }

  private static Object word(String word) {
    return FLAGS.contains(word) ? (Object) Boolean.valueOf(word) : word;
  }

  /** A number without quotes is a text as well. */
  private static JsonText text(JsonText schema) {
    return schema.with(TYPE, List.of("string", "number"));
  }

  private static String description(Tunable value) {
    String rest = value.defaultText().isEmpty() ? "" : " Default: " + value.defaultText() + ".";
    return value.meaning() + " Expected: " + value.expected() + "." + rest;
  }

  /** The keys as a flat list: the path of each, with what is expected of it. */
  public static Map<String, Tunable> flat() {
    Map<String, Tunable> rows = new java.util.LinkedHashMap<>();
    flat(rows, "", GatewayKeys.FILE);
    return rows;
  }

  private static void flat(Map<String, Tunable> rows, String above, GatewayKeys.Section section) {
    for (Key key : section.keys()) {
      String path = above + key.name();
      rows.put(path, key.value());
      String inside =
          switch (key.shape()) {
            case ITEMS -> path + "[].";
            case NAMED -> path + ".NAME.";
            default -> path + ".";
          };
      key.below().ifPresent(below -> flat(rows, inside, below));
    }
  }
}
