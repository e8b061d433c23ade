package dev.holdfast.cli.doctor;

import dev.holdfast.cli.CommandGroup;
import dev.holdfast.cli.CommonOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The {@code doctor} command group, which measures and explains network paths. */
@Command(
    name = "doctor",
    description = "Find out what a path does to quiet connections, and which settings it wants.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DoctorPathCommand.class, DoctorLintCommand.class, DoctorProfilesCommand.class})
public final class DoctorCommand extends CommandGroup {
  @Mixin
  @SuppressWarnings("UnusedVariable") // picocli finds --help in it
  private final CommonOptions common = new CommonOptions();
}
