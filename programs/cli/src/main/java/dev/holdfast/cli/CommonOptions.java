package dev.holdfast.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command. */
// picocli fills the field; --config has done its work before a command runs.
@SuppressWarnings("UnusedVariable")
public final class CommonOptions extends GlobalOptions {
  /** The name under which commands mix this in; only such commands take defaults from settings. */
  public static final String MIXIN = "common";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file with defaults (HOLDFAST_CONFIG).")
  private @Nullable Path config;
}
