package dev.holdfast.cli.output;

import java.time.Duration;
import java.util.Locale;

/** The text of an age: {@code 0.4s}, {@code 12s}, {@code 3m04s}, {@code 5h17m}, {@code 9d04h}. */
public final class AgeText {
  private static final long SECOND_MILLIS = 1_000;

  private AgeText() {}

  /** The text of an age in milliseconds. */
  public static String of(long millis) {
    Duration age = Duration.ofMillis(millis);
    if (millis < SECOND_MILLIS) {
      return String.format(Locale.ROOT, "%.1fs", millis / (double) SECOND_MILLIS);
    }
    if (age.toMinutes() < 1) {
      return age.toSeconds() + "s";
    }
    if (age.toHours() < 1) {
      return String.format(Locale.ROOT, "%dm%02ds", age.toMinutes(), age.toSecondsPart());
    }
    return age.toDays() < 1
        ? String.format(Locale.ROOT, "%dh%02dm", age.toHours(), age.toMinutesPart())
        : String.format(Locale.ROOT, "%dd%02dh", age.toDays(), age.toHoursPart());
  }
}
