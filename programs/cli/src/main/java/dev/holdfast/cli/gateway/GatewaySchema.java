package dev.holdfast.cli.gateway;

import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.gateway.config.ConfigKey;
import dev.holdfast.gateway.config.GatewayKeys;
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
  public static JsonLine schema() {
    return section(
        JsonLine.object()
            .with("$schema", "https://json-schema.org/draft/2020-12/schema")
            .with("title", "A gateway's file"),
        GatewayKeys.FILE);
  }

  private static JsonLine section(JsonLine schema, GatewayKeys.KeySection keySection) {
    JsonLine properties = JsonLine.object();
    keySection.keys().forEach(configKey -> properties.with(configKey.name(), key(configKey)));
    schema.with(TYPE, OBJECT).with("properties", properties).with("additionalProperties", false);
    List<String> required =
        keySection.keys().stream().filter(ConfigKey::required).map(ConfigKey::name).toList();
    return required.isEmpty() ? schema : schema.with("required", required);
  }

  private static JsonLine key(ConfigKey configKey) {
    JsonLine schema = JsonLine.object().with("description", description(configKey.value()));
    return switch (configKey.shape()) {
      case VALUE -> value(schema, configKey.value());
      case VALUES ->
          schema
              .with(TYPE, "array")
              .with("items", JsonLine.object().with(TYPE, "string"))
              .with("minItems", 1);
      case GROUP -> configKey.below().map(below -> section(schema, below)).orElse(schema);
      case ITEMS -> schema.with(TYPE, "array").with("items", below(configKey));
      case NAMED, NAMED_VALUES ->
          schema.with(TYPE, OBJECT).with("additionalProperties", below(configKey));
    };
  }

  private static JsonLine below(ConfigKey configKey) {
    JsonLine map =
        configKey
            .below()
            .map(below -> section(JsonLine.object(), below))
            .orElse(JsonLine.object().with(TYPE, "string"));
    return configKey.text()
        ? JsonLine.object().with("anyOf", List.of(text(JsonLine.object()), map))
        : map;
  }

  private static JsonLine value(JsonLine schema, Tunable value) {
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
  private static JsonLine text(JsonLine schema) {
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

  private static void flat(
      Map<String, Tunable> rows, String above, GatewayKeys.KeySection keySection) {
    for (ConfigKey configKey : keySection.keys()) {
      String path = above + configKey.name();
      rows.put(path, configKey.value());
      String inside =
          switch (configKey.shape()) {
            case ITEMS -> path + "[].";
            case NAMED -> path + ".NAME.";
            default -> path + ".";
          };
      configKey.below().ifPresent(below -> flat(rows, inside, below));
    }
  }
}
