package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code kubernetes} command group, whose subcommands prepare a Kubernetes cluster for
 * Holdfast.
 */
@Command(
    name = "kubernetes",
    description = "Prepare a Kubernetes cluster for Holdfast.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RbacCommand.class,
      ManifestCommand.class,
      ChartCommand.class,
      KustomizeCommand.class
    })
public final class KubernetesCommand implements Runnable {
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
        "kubernetes: no command (expected: "
            + String.join(", ", spec.subcommands().keySet())
            + ")");
  }
}
