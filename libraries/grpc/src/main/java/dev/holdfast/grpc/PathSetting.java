package dev.holdfast.grpc;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.PathProfile;
import dev.holdfast.liveness.LivenessOptions;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The path setting of a process: {@code HOLDFAST_PATH} in the environment, or {@code
 * -Dholdfast.path}, which wins.
 *
 * <p>Values: the name of a {@link PathProfile}, the idle timeout of the path as a duration, {@code
 * default} for an unknown path, or {@code off} for no liveness.
 */
final class PathSetting {
  static final String VARIABLE = "HOLDFAST_PATH";
  static final String PROPERTY = "holdfast.path";

  private static final String OFF = "off";
  private static final String DEFAULT = "default";
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(30);

  private PathSetting() {}

  static boolean isOff(String text) {
    return text.equalsIgnoreCase(OFF);
  }

  /** The text of the setting; empty when it is not set. */
  static Optional<String> value(Map<String, String> environment) {
    String property = System.getProperty(PROPERTY, "");
    String text = property.isEmpty() ? environment.getOrDefault(VARIABLE, "") : property;
    return text.isBlank() ? Optional.empty() : Optional.of(text.strip());
  }

  /**
   * The liveness options of the setting: the default when it is not set, and empty when it is off.
   *
   * @throws IllegalArgumentException naming the variable and what was expected
   */
  static Optional<LivenessOptions> liveness(Map<String, String> environment) {
    String text = value(environment).orElse(DEFAULT).toLowerCase(Locale.ROOT);
    return switch (text) {
      case OFF -> Optional.empty();
      case DEFAULT -> Optional.of(LivenessOptions.DEFAULT);
      default -> Optional.of(parse(text));
    };
  }

  /**
   * The idle timeout of the path in the setting; empty when there is none.
   *
   * @throws IllegalArgumentException as {@link #liveness}
   */
  static Optional<Duration> idleTimeout(Map<String, String> environment) {
    String text = value(environment).orElse(DEFAULT).toLowerCase(Locale.ROOT);
    if (text.equals(OFF) || text.equals(DEFAULT)) {
      return Optional.empty();
    }
    return Character.isDigit(text.charAt(0))
        ? Optional.of(time(text))
        : profile(text).idleTimeout();
  }

  private static LivenessOptions parse(String text) {
    return Character.isDigit(text.charAt(0))
        ? LivenessOptions.ofPathIdleTimeout(time(text))
        : LivenessOptions.of(profile(text));
  }

  private static Duration time(String text) {
    return DurationText.parse(VARIABLE, text, SHORTEST, LONGEST);
  }

  private static PathProfile profile(String text) {
    try {
      return PathProfile.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          VARIABLE
              + ": "
              + text
              + " (expected: off, default, a duration, or a profile): "
              + e.getMessage(),
          e);
    }
  }
}
