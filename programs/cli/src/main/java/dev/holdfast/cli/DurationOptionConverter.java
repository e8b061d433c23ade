package dev.holdfast.cli;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.TunableDuration;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * The converter of duration options. Each option has a subclass that knows the option's name and
 * bounds.
 */
abstract class DurationOptionConverter implements ITypeConverter<Duration> {
  private final String name;
  private final Duration min;
  private final Duration max;

  DurationOptionConverter(String name, Duration min, Duration max) {
    this.name = name;
    this.min = min;
    this.max = max;
  }

  DurationOptionConverter(TunableDuration setting) {
    this(setting.key(), setting.min(), setting.max());
  }

  @Override
  public Duration convert(String text) {
    try {
      return DurationText.parse(name, text, min, max);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
