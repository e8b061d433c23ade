package dev.holdfast.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The {@code etcd} command group, whose subcommands prepare an etcd for Holdfast. */
@Command(
    name = "etcd",
    description = "Prepare an etcd for Holdfast.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = EtcdRoleCommand.class)
public final class EtcdCommand extends CommandGroup {
  @Mixin(name = CommonOptions.MIXIN)
  @SuppressWarnings("UnusedVariable") // picocli finds --help in it
  private final CommonOptions common = new CommonOptions();
}
