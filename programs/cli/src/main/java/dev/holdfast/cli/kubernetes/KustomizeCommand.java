package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The {@code kubernetes kustomize} command. Write bases of Kustomize for gateways and control
 * planes.
 */
@Command(
    name = "kustomize",
    description = "Write bases of Kustomize for gateways and control planes.",
    footer = {
      "",
      "Each base makes the same objects as `holdfast kubernetes manifest`, in the namespace that"
          + " an",
      "overlay names.",
      "",
      "  holdfast kubernetes kustomize --output base"
    })
public final class KustomizeCommand implements Callable<Integer> {
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
    OutputFolder.write(output, KustomizeFiles.files(), common);
    return ExitCode.OK;
  }
}
