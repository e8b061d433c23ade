package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code kubernetes manifest} command group, whose subcommands print complete manifests. */
@Command(
    name = "manifest",
    description = "Print manifests that kubectl apply -f - takes as they are.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ClientManifestCommand.class,
      ControlManifestCommand.class,
      GatewayManifestCommand.class
    })
public final class ManifestCommand implements Runnable {
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
        "manifest: no command (expected: " + String.join(", ", spec.subcommands().keySet()) + ")");
  }
}
