package dev.holdfast.cli;

import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of every command but {@code --config}, which may name another file. */
// picocli fills the fields; --help and --debug have done their work before a command runs.
@SuppressWarnings({"NullAway.Init", "UnusedVariable"})
public class GlobalOptions {
  // Kept, or its level would be collected with it.
  private static final Logger GRPC = Logger.getLogger("io.grpc");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this text.")
  private boolean help;

  @Option(names = "--json", description = "Print JSON, for programs.")
  private boolean json;

  @Option(
      names = {"-v", "--verbose"},
      description = "Log what happens inside; twice for every detail.")
  private boolean[] verbose = {};

  @Option(names = "--debug", description = "Show stack traces.")
  private boolean debug;

  /** Whether results are printed as JSON. */
  public final boolean json() {
    return json;
  }

  /** The streams and defaults of this run. */
  public final CommandContext commandContext() {
    return ((HoldfastCommand) mixee.root().userObject()).commandContext();
  }

  /** Chooses what is logged before the first logger is made; {@code quiet} holds without -v. */
  public final void startLogging(String quiet) {
    if (quiet.equals("OFF") && verbose.length == 0) {
      // grpc-java logs there, with a stack trace for each host that is unknown.
      GRPC.setLevel(Level.OFF);
    }
    CliLoggingConfigurator.choose(
        switch (verbose.length) {
          case 0 -> quiet;
          case 1 -> "INFO";
          default -> "DEBUG";
        });
  }
}
