package dev.holdfast.cli;

import dev.holdfast.cli.call.CallCommand;
import dev.holdfast.cli.call.LsMethodsCommand;
import dev.holdfast.cli.call.OpenApiCommand;
import dev.holdfast.cli.console.ConsoleCommand;
import dev.holdfast.cli.control.ControlCommand;
import dev.holdfast.cli.control.SplitCommand;
import dev.holdfast.cli.demo.DemoCommand;
import dev.holdfast.cli.doctor.DoctorCommand;
import dev.holdfast.cli.drain.DrainCommand;
import dev.holdfast.cli.drain.UndrainCommand;
import dev.holdfast.cli.fleet.ExplainCommand;
import dev.holdfast.cli.gateway.GatewayCommand;
import dev.holdfast.cli.kubernetes.KubernetesCommand;
import dev.holdfast.cli.lab.LabCommand;
import dev.holdfast.cli.settings.Settings;
import dev.holdfast.cli.streams.StreamsCommand;
import dev.holdfast.cli.top.TopCommand;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code holdfast} program: one class per command, this one being the root that lists them.
 *
 * <p>Exit codes: see {@link ExitCode}. Nothing that a help text does not need is loaded before a
 * command runs: no logging, no registry, no gRPC.
 */
@Command(
    name = "holdfast",
    description = "Keeps gRPC connected.",
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      RunCommand.class,
      RegisterCommand.class,
      DeregisterCommand.class,
      LsCommand.class,
      WatchCommand.class,
      ResolveCommand.class,
      EtcdCommand.class,
      KubernetesCommand.class,
      LabCommand.class,
      DoctorCommand.class,
      StreamsCommand.class,
      TopCommand.class,
      ConsoleCommand.class,
      DrainCommand.class,
      UndrainCommand.class,
      ExplainCommand.class,
      ControlCommand.class,
      SplitCommand.class,
      GatewayCommand.class,
      CallCommand.class,
      LsMethodsCommand.class,
      OpenApiCommand.class,
      DashboardsCommand.class,
      CompletionCommand.class,
      VersionCommand.class,
      DocsCommand.class,
      ManualPagesCommand.class
    },
    footer = {
      "",
      "Defaults come from HOLDFAST_... variables and from a YAML file (--config, HOLDFAST_CONFIG).",
      "Exit codes: 0 done, 1 failed or nothing found, 2 the command line makes no sense;",
      "run ends with the code of its child."
    })
public final class HoldfastCommand implements Runnable {
  private static final List<String> HELP = List.of("-h", "--help", "-V", "--version");

  private final CommandContext commandContext;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli fills it
  private CommandSpec spec;

  private HoldfastCommand(CommandContext commandContext) {
    this.commandContext = commandContext;
  }

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(CommandContext::system, System.getenv(), err, args));
  }

  /** The whole command tree, ready to execute; tests and the shell completion use it too. */
  public static CommandLine commandLine() {
    return commandLine(CommandContext.system(Settings.load(null, Map.of())), false);
  }

  /** Runs one command and returns its exit code; what goes wrong is printed. */
  static int run(
      Function<Settings, CommandContext> programOf,
      Map<String, String> environment,
      PrintWriter err,
      String... args) {
    List<String> own = ownWords(args);
    boolean debug = own.contains("--debug");
    try {
      // A help text must be had even when the configuration is broken.
      boolean help = own.isEmpty() || own.stream().anyMatch(HELP::contains);
      Settings settings =
          help ? Settings.load(null, Map.of()) : Settings.load(config(own), environment);
      settings.warnings().forEach(warning -> err.println("holdfast: warning: " + warning));
      CommandContext commandContext = programOf.apply(settings);
      try {
        return commandLine(commandContext, debug).execute(LeadingOptions.moved(args));
      } finally {
        // Whole lines go out by themselves; a text that was printed at once does not.
        commandContext.out().flush();
      }
    } catch (UserError e) {
      return CommandExceptionHandler.report(err, e, debug);
    }
  }

  /** The streams and defaults of this run. */
  CommandContext commandContext() {
    return commandContext;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "command: none (expected: one of " + String.join(", ", spec.subcommands().keySet()) + ")");
  }

  private static CommandLine commandLine(CommandContext commandContext, boolean debug) {
    CommandExceptionHandler commandExceptionHandler =
        new CommandExceptionHandler(commandContext.settings(), debug);
    CommandLine commands = new CommandLine(new HoldfastCommand(commandContext));
    FooterText.of(commands);
    // What follows the program to run is its own, even without "--".
    Objects.requireNonNull(commands.getSubcommands().get("run")).setStopAtPositional(true);
    return commands
        // An argument that begins with @ is the command's own: call -d @order.json.
        .setExpandAtFiles(false)
        .setOut(commandContext.out())
        .setErr(commandContext.err())
        .setDefaultValueProvider(new SettingsDefaults(commandContext.settings()))
        .setExecutionExceptionHandler(commandExceptionHandler)
        .setParameterExceptionHandler(commandExceptionHandler);
  }

  /**
   * The arguments of the program itself: everything before {@code --}, which begins the command
   * line of a child.
   */
  private static List<String> ownWords(String... args) {
    List<String> words = Arrays.asList(args);
    int end = words.indexOf("--");
    return end < 0 ? words : words.subList(0, end);
  }

  /**
   * The value of {@code --config}: it must be known before options get their defaults. Behind
   * {@code gateway} it is the gateway's own file.
   */
  private static @Nullable String config(List<String> own) {
    List<String> words = LeadingOptions.withSharedConfig(own);
    for (int i = 0; i < words.size(); i++) {
      if (words.get(i).startsWith("--config=")) {
        return words.get(i).substring("--config=".length());
      }
      if (words.get(i).equals("--config") && i + 1 < words.size()) {
        return words.get(i + 1);
      }
    }
    return null;
  }
}
