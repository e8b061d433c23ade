package dev.holdfast.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code holdfast} program: one class per command, this one being the root that lists them.
 *
 * <p>Exit codes: 0 done, 1 the command failed, 2 the command line was wrong.
 */
@Command(
    name = "holdfast",
    description = "Keeps gRPC connected.",
    mixinStandardHelpOptions = true,
    version = "holdfast 0.1.0-SNAPSHOT",
    synopsisSubcommandLabel = "COMMAND")
public final class Holdfast implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** The whole command tree, ready to execute; tests and the shell completion use it too. */
  public static CommandLine commandLine() {
    return new CommandLine(new Holdfast());
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "command: none (expected: one of those below)");
  }
}
