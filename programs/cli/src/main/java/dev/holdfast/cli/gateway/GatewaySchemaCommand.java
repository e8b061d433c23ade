package dev.holdfast.cli.gateway;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.GlobalOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The {@code gateway schema} command, which prints the schema of a gateway's file. */
@Command(
    name = "schema",
    description = {"Print the JSON schema of a gateway's file, for editors."},
    footer = {
      "",
      "  holdfast gateway schema > gateway.schema.json",
      "  # yaml-language-server: $schema=gateway.schema.json   (first line of gateway.yaml)"
    })
public final class GatewaySchemaCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final GlobalOptions common = new GlobalOptions();

  @Override
  public Integer call() {
    common.commandContext().out().println(GatewaySchema.schema());
    return ExitCode.OK;
  }
}
