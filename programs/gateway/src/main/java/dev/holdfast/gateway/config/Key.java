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
public record Key(
    Tunable value,
    Shape shape,
    Optional<GatewayKeys.Section> below,
    boolean required,
    boolean text) {
  /** The kind of a key's value. */
  public enum Shape {
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

  static Key value(Tunable value) {
    return new Key(value, Shape.VALUE, Optional.empty(), false, false);
  }

  static Key texts(Tunable value) {
    return new Key(value, Shape.VALUES, Optional.empty(), false, false);
  }

  static Key group(String name, GatewayKeys.Section below, String meaning) {
    return new Key(named(name, "a map", meaning), Shape.GROUP, Optional.of(below), false, false);
  }

  static Key items(String name, GatewayKeys.Section below, String meaning) {
    return new Key(
        named(name, "a list of maps", meaning), Shape.ITEMS, Optional.of(below), false, false);
  }

  static Key named(String name, GatewayKeys.Section below, String meaning) {
    return new Key(
        named(name, "names, each with a map", meaning),
        Shape.NAMED,
        Optional.of(below),
        false,
        false);
  }

  /** A key whose value maps names to scalars of one kind. */
  static Key shares(String name, Tunable share, String meaning) {
    return new Key(
        named(name, "names, each with " + share.expected(), meaning),
        Shape.NAMED_VALUES,
        Optional.empty(),
        false,
        false);
  }

  private static Tunable named(String name, String expected, String meaning) {
    return new TunableText(name, expected, "", meaning);
  }

  Key mandatory() {
    return new Key(value, shape, below, true, text);
  }

  Key orText() {
    return new Key(value, shape, below, required, true);
  }

  /** The key's name in the file. */
  public String name() {
    return value.key();
  }
}
