package dev.holdfast.cli.doctor;

import dev.holdfast.cli.CommonOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures and explains paths. */
@Command(
    name = "doctor",
    description = "Find out what a path does to quiet connections, and which settings it wants.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DoctorPathCommand.class, DoctorLintCommand.class, DoctorProfilesCommand.class})
public final class DoctorCommand implements Runnable {
  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli finds --help in it
  private final CommonOptions common = new CommonOptions();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli fills it
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "doctor: no command (expected: " + String.join(", ", spec.subcommands().keySet()) + ")");
  }
}
