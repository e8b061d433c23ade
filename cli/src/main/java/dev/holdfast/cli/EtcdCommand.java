package dev.holdfast.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What concerns etcd alone. */
@Command(
    name = "etcd",
    description = "Prepare an etcd for Holdfast.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = EtcdRoleCommand.class)
public final class EtcdCommand implements Runnable {
  @Mixin(name = CommonOptions.MIXIN)
  @SuppressWarnings("UnusedVariable") // picocli finds --help in it
  private final CommonOptions common = new CommonOptions();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli fills it
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "etcd: no command (expected: " + String.join(", ", spec.subcommands().keySet()) + ")");
  }
}
