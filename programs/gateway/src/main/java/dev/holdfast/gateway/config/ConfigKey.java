package dev.holdfast.gateway.config;

import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableText;
import java.util.Optional;

/**
 * A key of a gateway's file.
 *
 * @param value name, bounds, default and meaning
 * @param shape the kind of the key's value
 * @param below the keys of the nested map: of the map itself, of each map in the list, or under
 *     each name
 * @param required whether the key is mandatory
 * @param text whether a scalar may stand in place of the map under each name
 */
public record ConfigKey(
    Tunable value,
    KeyShape shape,
    Optional<GatewayKeys.KeySection> below,
    boolean required,
    boolean text) {
  /** The kind of a key's value. */
  public enum KeyShape {
    /** A single scalar, such as a number or a text. */
    VALUE,
    /** A list of scalars of one kind. */
    VALUES,
    /** A map with fixed keys. */
    GROUP,
    /** A list of maps, each with the same keys. */
    ITEMS,
    /** A map of names, each with a map. */
    NAMED,
    /** A map of names, each with a value. */
    NAMED_VALUES
  }

  static ConfigKey value(Tunable value) {
    return new ConfigKey(value, KeyShape.VALUE, Optional.empty(), false, false);
  }

  static ConfigKey texts(Tunable value) {
    return new ConfigKey(value, KeyShape.VALUES, Optional.empty(), false, false);
  }

  static ConfigKey group(String name, GatewayKeys.KeySection below, String meaning) {
    return new ConfigKey(
        named(name, "a map", meaning), KeyShape.GROUP, Optional.of(below), false, false);
  }

  static ConfigKey items(String name, GatewayKeys.KeySection below, String meaning) {
    return new ConfigKey(
        named(name, "a list of maps", meaning), KeyShape.ITEMS, Optional.of(below), false, false);
  }

  static ConfigKey named(String name, GatewayKeys.KeySection below, String meaning) {
    return new ConfigKey(
        named(name, "names, each with a map", meaning),
        KeyShape.NAMED,
        Optional.of(below),
        false,
        false);
  }

  /** A key whose value maps names to scalars of one kind. */
  static ConfigKey shares(String name, Tunable share, String meaning) {
    return new ConfigKey(
        named(name, "names, each with " + share.expected(), meaning),
        KeyShape.NAMED_VALUES,
        Optional.empty(),
        false,
        false);
  }

  private static Tunable named(String name, String expected, String meaning) {
    return new TunableText(name, expected, "", meaning);
  }

  ConfigKey mandatory() {
    return new ConfigKey(value, shape, below, true, text);
  }

  ConfigKey orText() {
    return new ConfigKey(value, shape, below, required, true);
  }

  /** The key's name in the file. */
  public String name() {
    return value.key();
  }
}
