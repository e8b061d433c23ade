package dev.holdfast.cli;

import dev.holdfast.cli.settings.SettingDurations;
import java.time.Duration;
import picocli.CommandLine.Option;

/** The option with the time that another process has for its answer to a query. */
public final class RequestTimeoutOption {
  @Option(
      names = "--request-timeout",
      paramLabel = "DURATION",
      converter = RequestTimeoutConverter.class,
      description = "How long an answer may take; default 10s (HOLDFAST_REQUEST_TIMEOUT).")
  private Duration requestTimeout = SettingDurations.REQUEST_TIMEOUT.defaultValue();

  /** The time that one answer may take. */
  public Duration value() {
    return requestTimeout;
  }

  static final class RequestTimeoutConverter extends DurationOptionConverter {
    RequestTimeoutConverter() {
      super(SettingDurations.REQUEST_TIMEOUT);
    }
  }
}
