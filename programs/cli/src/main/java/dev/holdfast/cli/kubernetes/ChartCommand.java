package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code kubernetes chart} command. Write the Helm chart of gateways and control planes. */
@Command(
    name = "chart",
    description = "Write the Helm chart of gateways and control planes.",
    footer = {
      "",
      "The chart makes the same objects as `holdfast kubernetes manifest`. Its values are"
          + " documented in",
      "values.yaml, and values.schema.json refuses others.",
      "",
      "  holdfast kubernetes chart --output chart",
      "  helm install edge ./chart --namespace edge --set"
          + " image.repository=registry.example/holdfast"
    })
public final class ChartCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "The folder for the files; made where it is missing.")
  private Path output = Path.of("");

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    OutputFolder.write(output, ChartFiles.files(), common);
    return ExitCode.OK;
  }
}
