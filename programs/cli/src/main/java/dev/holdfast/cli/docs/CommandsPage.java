package dev.holdfast.cli.docs;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The reference page of every command with its options, generated from picocli's model. */
final class CommandsPage {
  private CommandsPage() {}

  static String text(CommandLine root) {
    StringBuilder text = new StringBuilder();
    root.getSubcommands().values().stream().distinct().forEach(command -> append(text, command));
    return text.toString();
  }

  private static void append(StringBuilder text, CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    if (spec.usageMessage().hidden()) {
      return;
    }
    text.append("## ").append(spec.qualifiedName()).append("\n\n");
    text.append(String.join(" ", spec.usageMessage().description())).append("\n\n");
    MarkdownTable table = new MarkdownTable("argument or option", "meaning");
    spec.positionalParameters().forEach(p -> table.row(argument(p), meaning(p.description())));
    options(spec).forEach(o -> table.row(option(o), meaning(o.description())));
    text.append(table).append('\n');
    String footer = footer(spec);
    if (!footer.isEmpty()) {
      text.append("```text\n").append(footer).append("\n```\n\n");
    }
    command.getSubcommands().values().stream().distinct().forEach(sub -> append(text, sub));
  }

  private static List<OptionSpec> options(CommandSpec spec) {
    return spec.options().stream().filter(option -> !option.hidden()).toList();
  }

  private static String argument(PositionalParamSpec parameter) {
    return MarkdownTable.code(parameter.paramLabel());
  }

  private static String option(OptionSpec option) {
    String names =
        Arrays.stream(option.names()).map(MarkdownTable::code).collect(Collectors.joining(", "));
    String label = option.arity().max() == 0 ? "" : " " + MarkdownTable.code(option.paramLabel());
    return names + label + (option.required() ? " (required)" : "");
  }

  private static String meaning(String... description) {
    return String.join(" ", description);
  }

  private static String footer(CommandSpec spec) {
    return String.join("\n", spec.usageMessage().footer()).strip();
  }
}
