package dev.holdfast.cli;

import dev.holdfast.cli.dashboards.ObservabilityFiles;
import dev.holdfast.core.IoErrorText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The {@code dashboards} command, which writes dashboards and alert rules into a folder. */
@Command(
    name = "dashboards",
    description =
        "Write dashboards for Grafana and alert rules for Prometheus that show the meters of this"
            + " version.")
public final class DashboardsCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Parameters(
      paramLabel = "DIR",
      description =
          "The folder, made where it is missing: alerts.yaml, and dashboards/ with a file each.")
  private Path folder = Path.of("");

  @Override
  public Integer call() {
    Map<String, String> files = ObservabilityFiles.all();
    try {
      for (Map.Entry<String, String> file : files.entrySet()) {
        Path path = folder.resolve(file.getKey());
        Files.createDirectories(path.resolveSibling(""));
        Files.writeString(path, file.getValue());
      }
    } catch (IOException e) {
      throw UserError.failed("dashboards: " + folder + ": can't be written: " + IoErrorText.of(e));
    }
    common.commandContext().out().println(files.size() + " files in " + folder);
    return ExitCode.OK;
  }
}
