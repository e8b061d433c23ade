package dev.holdfast.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * The {@code completion} command, which prints a shell's completion script for all commands and
 * options.
 */
@Command(
    name = "completion",
    description = "Print a completion script for bash or zsh.",
    footer = {
      "",
      "bash: add to ~/.bashrc  source <(holdfast completion bash)",
      "zsh:  add to ~/.zshrc   autoload -U compinit && compinit && source <(holdfast completion"
          + " zsh)",
      "fish and other shells are not supported."
    })
public final class CompletionCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
  private String shell = "";

  @Override
  public Integer call() {
    if (!shell.equals("bash") && !shell.equals("zsh")) {
      throw UserError.usage("completion: \"" + shell + "\" (expected: bash or zsh)");
    }
    // One script for both: in zsh it switches bashcompinit on by itself.
    common
        .commandContext()
        .out()
        .print(AutoComplete.bash("holdfast", HoldfastCommand.commandLine()));
    common.commandContext().out().flush();
    return ExitCode.OK;
  }
}
