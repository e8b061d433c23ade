package dev.holdfast.cli;

import dev.holdfast.cli.settings.Setting;
import dev.holdfast.cli.settings.Settings;
import dev.holdfast.core.RegistryException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The exception handler of all commands. Every failure becomes one text with its remedy, and an
 * exit code. A stack trace appears only with {@code --debug}; secrets never appear.
 */
final class CommandExceptionHandler
    implements IExecutionExceptionHandler, IParameterExceptionHandler {
  private final Settings settings;
  private final boolean debug;

  CommandExceptionHandler(Settings settings, boolean debug) {
    this.settings = settings;
    this.debug = debug;
  }

  /** Prints a failure that came before or outside any command. */
  static int report(PrintWriter err, Throwable failure, boolean debug) {
    Throwable cause = unwrap(failure);
    if (debug) {
      trace(err, cause);
    }
    err.println("holdfast: " + Secrets.redact(text(cause)));
    return exitCode(cause);
  }

  @Override
  public int handleExecutionException(
      Exception failure, CommandLine commandLine, ParseResult parsed) {
    return report(commandLine.getErr(), failure, debug);
  }

  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    if (debug) {
      trace(err, failure);
    }
    err.println("holdfast: " + Secrets.redact(parseText(failure)));
    err.println("  see: " + command.getCommandSpec().qualifiedName() + " --help");
    return ExitCode.USAGE;
  }

  private String parseText(ParameterException failure) {
    if (failure instanceof UnmatchedArgumentException unmatched) {
      return unmatchedText(unmatched);
    }
    if (failure instanceof MissingParameterException) {
      String message = String.valueOf(failure.getMessage());
      return Character.toLowerCase(message.charAt(0)) + message.substring(1);
    }
    ArgSpec arg = failure.getArgSpec();
    if (arg instanceof OptionSpec option && failure.getValue() != null && isWhole(option)) {
      return option.longestName().replaceFirst("^-+", "")
          + ": \""
          + failure.getValue()
          + "\" (expected: a whole number)"
          + source(failure);
    }
    // A converter's own text says what was given and what was expected; picocli's frame adds
    // nothing.
    Throwable cause = failure.getCause();
    String message =
        cause instanceof CommandLine.TypeConversionException || cause instanceof UserError
            ? String.valueOf(cause.getMessage())
            : String.valueOf(failure.getMessage());
    return message + source(failure);
  }

  /** A number that picocli converts itself, whose words name neither option nor expectation. */
  private static boolean isWhole(OptionSpec option) {
    Class<?> type = option.type();
    if (option.converters().length > 0) {
      return false;
    }
    return type == int.class || type == Integer.class || type == long.class || type == Long.class;
  }

  private static String unmatchedText(UnmatchedArgumentException failure) {
    CommandSpec command = failure.getCommandLine().getCommandSpec();
    String given = failure.getUnmatched().get(0);
    if (given.startsWith("-")) {
      return given + ": unknown option" + Settings.hint(given, command.optionsMap().keySet());
    }
    return command.subcommands().isEmpty()
        ? "\"" + given + "\": one argument too many"
        : "command: \""
            + given
            + "\" is unknown"
            + Settings.hint(given, command.subcommands().keySet());
  }

  /**
   * The source of an invalid value that did not come from the command line; "" for one that did.
   */
  private String source(ParameterException failure) {
    ArgSpec arg = failure.getArgSpec();
    if (!(arg instanceof OptionSpec option) || failure.getValue() == null) {
      return "";
    }
    Optional<Settings.Value> value =
        Setting.ofOption(option.longestName()).flatMap(settings::value);
    return value
        .filter(v -> v.text().equals(failure.getValue()))
        .map(v -> " (from " + v.source() + ")")
        .orElse("");
  }

  /** Prints the stack traces of a failure and its causes, with secrets removed. */
  private static void trace(PrintWriter err, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      err.println(Secrets.redact(cause.toString()));
      for (StackTraceElement frame : cause.getStackTrace()) {
        err.println("    at " + frame);
      }
    }
  }

  private static Throwable unwrap(Throwable failure) {
    boolean wrapper =
        failure instanceof CompletionException || failure instanceof ExecutionException;
    return wrapper && failure.getCause() != null ? unwrap(failure.getCause()) : failure;
  }

  private static int exitCode(Throwable failure) {
    if (failure instanceof UserError error) {
      return error.exitCode();
    }
    return failure instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.FAILED;
  }

  private static String text(Throwable failure) {
    if (failure instanceof UserError || failure instanceof IllegalArgumentException) {
      return String.valueOf(failure.getMessage());
    }
    if (failure instanceof RegistryException e) {
      return e.getMessage() + hint(e.kind());
    }
    return "unexpected " + failure + " (the same command with --debug shows where)";
  }

  private static String hint(RegistryException.RegistryErrorKind registryErrorKind) {
    return switch (registryErrorKind) {
      case UNAUTHENTICATED ->
          " (user: etcd://USER@..; password: HOLDFAST_REGISTRY_PASSWORD_FILE or"
              + " HOLDFAST_REGISTRY_PASSWORD; in Kubernetes: the kubeconfig's user or the pod's"
              + " account)";
      case PERMISSION_DENIED ->
          " (the least role that suffices: holdfast etcd role --help or holdfast kubernetes rbac"
              + " --help)";
      default -> "";
    };
  }
}
