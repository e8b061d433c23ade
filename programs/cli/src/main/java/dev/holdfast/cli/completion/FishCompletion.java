package dev.holdfast.cli.completion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The completion script of fish, generated from picocli's model, which has one for bash and zsh
 * only. Each {@code complete} line holds for one command, which the script's function finds in the
 * words of the line.
 */
public final class FishCompletion {
  /** Labels of arguments that are completed with the names of files. */
  private static final Set<String> FILES = Set.of("FILE", "DIR", "SOCKET", "COMMAND");

  private static final String FUNCTION =
      """
      # The command of the line, such as "kubernetes manifest", without options and their values.
      function __holdfast_command
          set -l command
          set -l value no
          for word in (commandline -opc)[2..-1]
              if test $value = yes
                  set value no
                  continue
              end
              switch $word
                  case --
                      break
                  case %s
                      set value yes
                  case '-*'
                  case '*'
                      set -l longer (string trim -- "$command $word")
                      if contains -- $longer %s
                          set command $longer
                      end
              end
          end
          echo $command
      end

      function __holdfast_at
          set -l command (__holdfast_command)
          test "$command" = "$argv"
      end

      complete -c holdfast -f
      """;

  private final StringBuilder lines = new StringBuilder();
  private final Set<String> commands = new TreeSet<>();
  private final Set<String> valued = new TreeSet<>();

  private FishCompletion() {}

  /** The script for the commands below a root. */
  public static String of(CommandLine root) {
    FishCompletion completion = new FishCompletion();
    completion.add(root, "");
    return "# fish completion for holdfast; made by: holdfast completion fish\n\n"
        + FUNCTION.formatted(quoted(completion.valued), quoted(completion.commands))
        + completion.lines;
  }

  private void add(CommandLine command, String path) {
    CommandSpec spec = command.getCommandSpec();
    for (CommandLine child : children(command)) {
      CommandSpec of = child.getCommandSpec();
      line(path, "-a " + quote(of.name()), of.usageMessage().description());
    }
    for (OptionSpec option : spec.options()) {
      if (!option.hidden()) {
        line(path, option(option), option.description());
      }
    }
    spec.positionalParameters().stream()
        .filter(argument -> !argument.hidden())
        .forEach(argument -> argument(path, argument));
    for (CommandLine child : children(command)) {
      String longer = (path + " " + child.getCommandName()).strip();
      commands.add(longer);
      add(child, longer);
    }
  }

  private static List<CommandLine> children(CommandLine command) {
    return command.getSubcommands().values().stream()
        .distinct()
        .filter(child -> !child.getCommandSpec().usageMessage().hidden())
        .toList();
  }

  private String option(OptionSpec option) {
    List<String> words = new ArrayList<>();
    for (String name : option.names()) {
      words.add(name.startsWith("--") ? "-l " + name.substring(2) : "-s " + name.substring(1));
    }
    if (option.arity().max() > 0) {
      valued.addAll(Arrays.asList(option.names()));
      String candidates = candidates(option.completionCandidates());
      if (isFile(option)) {
        words.add("-r -F");
      } else {
        words.add("-x");
      }
      if (!candidates.isEmpty()) {
        words.add("-a " + quote(candidates));
      }
    }
    return String.join(" ", words);
  }

  private void argument(String path, ArgSpec argument) {
    String candidates = candidates(argument.completionCandidates());
    if (!candidates.isEmpty()) {
      line(path, "-a " + quote(candidates), argument.description());
    } else if (isFile(argument)) {
      line(path, "-F");
    }
  }

  private static boolean isFile(ArgSpec argument) {
    return FILES.stream().anyMatch(argument.paramLabel()::contains);
  }

  private static String candidates(@Nullable Iterable<String> candidates) {
    return candidates == null
        ? ""
        : StreamSupport.stream(candidates.spliterator(), false).collect(Collectors.joining(" "));
  }

  /** Adds a line for one command; of a description its first sentence is shown. */
  private void line(String path, String completion, String... description) {
    lines.append("complete -c holdfast -n ").append(quote("__holdfast_at " + path));
    lines.append(' ').append(completion);
    String text = String.join(" ", description).split("[.:;](?=\\s|$)", 2)[0];
    if (!text.isEmpty()) {
      lines.append(" -d ").append(quote(text));
    }
    lines.append('\n');
  }

  private static String quoted(Set<String> words) {
    return words.stream().map(FishCompletion::quote).collect(Collectors.joining(" "));
  }

  private static String quote(String text) {
    return "'" + text.strip().replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
