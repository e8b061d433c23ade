package dev.holdfast.gateway.config;

import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableText;
import java.util.Optional;

/**
 * One key of a gateway's file.
 *
 * @param value its name, its bounds, its default and its meaning
 * @param shape what stands behind it
 * @param below what stands in the map behind it, in each map of the list, or under each name
 * @param required whether it must stand there
 * @param text whether a text may stand there instead of the map, under each name
 */
public record Key(
    Tunable value,
    Shape shape,
    Optional<GatewayKeys.Section> below,
    boolean required,
    boolean text) {
  /** What stands behind a key. */
  public enum Shape {
    /** One value. */
    VALUE,
    /** A list of values. */
    VALUES,
    /** A map. */
    GROUP,
    /** A list of maps. */
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

  /** Names, each with the same kind of value. */
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

  /** As it is written. */
  public String name() {
    return value.key();
  }
}
