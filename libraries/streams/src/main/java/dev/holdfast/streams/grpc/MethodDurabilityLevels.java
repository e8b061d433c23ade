package dev.holdfast.streams.grpc;

import dev.holdfast.core.NearestName;
import dev.holdfast.streams.DurabilityLevel;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The durability levels of methods by name: {@code
 * chat.Chat/*=resume,telemetry.Telemetry/Report=durable}. The most specific entry wins: method,
 * then service, then {@code *}. Without a level it is resume.
 */
final class MethodDurabilityLevels {
  /** The environment variable of the setting. */
  static final String VARIABLE = "HOLDFAST_STREAMS";

  private static final String ALL = "*";
  private static final int TYPING_ERRORS = 3;
  private static final List<String> LEVELS =
      Arrays.stream(DurabilityLevel.values())
          .map(durabilityLevel -> durabilityLevel.name().toLowerCase(Locale.ROOT))
          .toList();

  private final Map<String, DurabilityLevel> durabilityLevels;

  private MethodDurabilityLevels(Map<String, DurabilityLevel> durabilityLevels) {
    this.durabilityLevels = durabilityLevels;
  }

  /**
   * @throws IllegalArgumentException naming the part that makes no sense and what may be meant
   */
  static MethodDurabilityLevels parse(String text) {
    Map<String, DurabilityLevel> durabilityLevels = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      String[] sides = part.strip().split("=", 2);
      String name = sides[0].strip();
      if (!name.equals(ALL) && !name.matches("[A-Za-z0-9_.]+/([A-Za-z0-9_]+|\\*)")) {
        throw new IllegalArgumentException(
            VARIABLE
                + ": \""
                + part.strip()
                + "\" (expected: package.Service/Method=level, package.Service/*=level, *=level or"
                + " off)");
      }
      DurabilityLevel durabilityLevel =
          sides.length == 1 ? DurabilityLevel.RESUME : level(sides[1].strip());
      if (durabilityLevels.put(name, durabilityLevel) != null) {
        throw new IllegalArgumentException(VARIABLE + ": " + name + " (expected: each name once)");
      }
    }
    return new MethodDurabilityLevels(Map.copyOf(durabilityLevels));
  }

  private static DurabilityLevel level(String said) {
    int at = LEVELS.indexOf(said.toLowerCase(Locale.ROOT));
    if (at < 0) {
      String nearest = NearestName.of(said.toLowerCase(Locale.ROOT), LEVELS, TYPING_ERRORS);
      throw new IllegalArgumentException(
          VARIABLE
              + ": level \""
              + said
              + "\" (expected: one of "
              + String.join(", ", LEVELS)
              + (nearest.isEmpty() ? "" : "; did you mean " + nearest + "?")
              + ")");
    }
    return DurabilityLevel.valueOf(LEVELS.get(at).toUpperCase(Locale.ROOT));
  }

  /** The level of a method by its full name; null when nothing names it. */
  @Nullable DurabilityLevel levelOf(String method) {
    DurabilityLevel own = durabilityLevels.get(method);
    if (own == null) {
      own = durabilityLevels.get(method.substring(0, method.indexOf('/') + 1) + ALL);
    }
    return own == null ? durabilityLevels.get(ALL) : own;
  }

  /** Whether it is named itself, so that somebody counts on it. */
  boolean isByName(String method) {
    return durabilityLevels.containsKey(method);
  }

  boolean has(DurabilityLevel durabilityLevel) {
    return durabilityLevels.containsValue(durabilityLevel);
  }

  /**
   * Checks that the named methods of a service exist and are streams.
   *
   * @throws IllegalArgumentException naming the method, and the one that may be meant
   */
  void check(ServiceDescriptor service) {
    String prefix = service.getName() + "/";
    List<String> streams =
        service.getMethods().stream()
            .filter(StreamMethods::isStream)
            .map(MethodDescriptor::getFullMethodName)
            .toList();
    for (String name : durabilityLevels.keySet()) {
      if (name.startsWith(prefix) && !name.endsWith(ALL) && !streams.contains(name)) {
        String nearest = NearestName.of(name, streams, TYPING_ERRORS);
        throw new IllegalArgumentException(
            VARIABLE
                + ": "
                + name
                + " (expected: a stream of "
                + service.getName()
                + ", which has "
                + (streams.isEmpty() ? "none" : String.join(", ", streams))
                + (nearest.isEmpty() ? "" : "; did you mean " + nearest + "?")
                + ")");
      }
    }
  }
}
