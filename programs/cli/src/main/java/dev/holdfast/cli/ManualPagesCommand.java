package dev.holdfast.cli;

import dev.holdfast.cli.docs.ManualPages;
import dev.holdfast.core.IoErrorText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code man-pages} command, which writes the manual pages into a folder; for packagers. */
@Command(
    name = "man-pages",
    hidden = true,
    description = "Write the manual pages into a folder; for packages.")
public final class ManualPagesCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "DIR", description = "The folder, which must exist.")
  private Path folder = Path.of("");

  @Option(
      names = "--date",
      paramLabel = "DATE",
      required = true,
      description = "The date in the foot of each page, such as 2026-01-31.")
  private LocalDate date = LocalDate.EPOCH;

  @Override
  public Integer call() {
    Map<String, String> pages =
        ManualPages.of(HoldfastCommand.commandLine(), date.toString(), VersionCommand.number());
    try {
      for (Map.Entry<String, String> page : pages.entrySet()) {
        Files.writeString(folder.resolve(page.getKey()), page.getValue());
      }
    } catch (IOException e) {
      throw UserError.failed("man-pages: " + folder + ": can't be written: " + IoErrorText.of(e));
    }
    common.commandContext().out().println(pages.size() + " pages in " + folder);
    return ExitCode.OK;
  }
}
