package dev.holdfast.cli;

import dev.holdfast.cli.completion.FishCompletion;
import java.util.ArrayList;
import java.util.List;
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
    description = "Print a completion script for bash, zsh or fish.",
    footer = {
      "",
      "bash: add to ~/.bashrc  source <(holdfast completion bash)",
      "zsh:  add to ~/.zshrc   autoload -U compinit && compinit && source <(holdfast completion"
          + " zsh)",
      "fish: run once          holdfast completion fish > ~/.config/fish/completions/holdfast.fish",
      "Other shells are not supported. Packages install the scripts."
    })
public final class CompletionCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Parameters(
      paramLabel = "SHELL",
      completionCandidates = Shells.class,
      description = "bash, zsh or fish.")
  private String shell = "";

  /** The shells that have a script. */
  static final class Shells extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    Shells() {
      super(List.of("bash", "zsh", "fish"));
    }
  }

  @Override
  public Integer call() {
    String script =
        switch (shell) {
          // One script for both: in zsh it switches bashcompinit on by itself.
          case "bash", "zsh" -> AutoComplete.bash("holdfast", HoldfastCommand.commandLine());
          case "fish" -> FishCompletion.of(HoldfastCommand.commandLine());
          default ->
              throw UserError.usage("completion: \"" + shell + "\" (expected: bash, zsh or fish)");
        };
    common.commandContext().out().print(script);
    common.commandContext().out().flush();
    return ExitCode.OK;
  }
}
