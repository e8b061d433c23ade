package dev.holdfast.cli;

import dev.holdfast.cli.settings.Setting;
import dev.holdfast.cli.settings.Settings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The default provider that gives options the values of the environment and the configuration file.
 */
final class SettingsDefaults implements IDefaultValueProvider {
  private final Settings settings;

  SettingsDefaults(Settings settings) {
    this.settings = settings;
  }

  /** Null, picocli's word for none, where a command brings options of its own (the demo does). */
  @Override
  public @Nullable String defaultValue(ArgSpec arg) {
    if (!(arg instanceof OptionSpec option)
        || !arg.command().mixins().containsKey(CommonOptions.MIXIN)) {
      return null;
    }
    return Setting.ofOption(option.longestName())
        .flatMap(settings::value)
        .map(Settings.Value::text)
        .orElse(null);
  }
}
