package dev.holdfast.cli;

import dev.holdfast.cli.docs.GeneratedSection;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The {@code docs} command, which prints a generated part of the documents; for their authors. */
@Command(name = "docs", hidden = true, description = "Print a generated part of the documents.")
public final class DocsCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "PART", description = "targets, commands, meters or environment.")
  private String part = "";

  @Override
  public Integer call() {
    for (GeneratedSection generatedSection : GeneratedSection.values()) {
      if (generatedSection.name().toLowerCase(Locale.ROOT).equals(part)) {
        common.commandContext().out().print(generatedSection.text());
        common.commandContext().out().flush();
        return ExitCode.OK;
      }
    }
    throw UserError.usage(
        "docs: \"" + part + "\" (expected: targets, commands, meters or environment)");
  }
}
