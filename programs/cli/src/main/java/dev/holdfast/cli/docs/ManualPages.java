package dev.holdfast.cli.docs;

import dev.holdfast.cli.FooterText;
import dev.holdfast.cli.settings.Setting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The manual pages of the program, one for each command, generated from picocli's model as {@link
 * CommandsPage} is.
 */
public final class ManualPages {
  private static final String SECTION = "(1)";

  private final String date;
  private final String source;
  private final Map<String, String> pages = new TreeMap<>();

  private ManualPages(String date, String source) {
    this.date = date;
    this.source = source;
  }

  /**
   * All pages by file name, such as {@code holdfast-run.1}.
   *
   * @param date in the foot of each page, as in 2026-01-31
   * @param version of the program
   */
  public static Map<String, String> of(CommandLine root, String date, String version) {
    ManualPages manual = new ManualPages(date, "holdfast " + version);
    manual.add(root, List.of());
    return manual.pages;
  }

  private void add(CommandLine command, List<CommandSpec> parents) {
    CommandSpec spec = command.getCommandSpec();
    List<CommandLine> children =
        command.getSubcommands().values().stream()
            .distinct()
            .filter(child -> !child.getCommandSpec().usageMessage().hidden())
            .toList();
    RoffPage page = new RoffPage(pageName(spec), date, source);
    page.section("NAME");
    page.paragraph("", pageName(spec) + " - " + summary(spec));
    page.section("SYNOPSIS");
    page.paragraph(RoffPage.bold(spec.qualifiedName()), synopsis(spec));
    describe(page, spec);
    list(page, spec, children);
    if (parents.isEmpty()) {
      environment(page);
    }
    seeAlso(page, parents, children);
    pages.put(pageName(spec) + ".1", page.toString());
    List<CommandSpec> path = new ArrayList<>(parents);
    path.add(spec);
    children.forEach(child -> add(child, path));
  }

  private static void describe(RoffPage page, CommandSpec spec) {
    page.section("DESCRIPTION");
    page.paragraph("", String.join(" ", spec.usageMessage().description()));
    List<String> example = new ArrayList<>();
    for (FooterText.Part part : FooterText.parts(List.of(spec.usageMessage().footer()))) {
      if (part.verbatim() && !part.text().isBlank()) {
        example.add(part.text().strip());
        continue;
      }
      if (!example.isEmpty()) {
        page.example(example);
        example.clear();
      }
      if (!part.text().isBlank()) {
        page.paragraph("", part.text());
      }
    }
    if (!example.isEmpty()) {
      page.example(example);
    }
  }

  private static void list(RoffPage page, CommandSpec spec, List<CommandLine> children) {
    List<PositionalParamSpec> arguments =
        spec.positionalParameters().stream().filter(argument -> !argument.hidden()).toList();
    if (!arguments.isEmpty()) {
      page.section("ARGUMENTS");
      arguments.forEach(
          argument ->
              page.entry(RoffPage.italic(argument.paramLabel()), text(argument.description())));
    }
    List<OptionSpec> options = spec.options().stream().filter(option -> !option.hidden()).toList();
    if (!options.isEmpty()) {
      page.section("OPTIONS");
      options.forEach(option -> page.entry(tag(option), text(option.description())));
    }
    if (!children.isEmpty()) {
      page.section("COMMANDS");
      for (CommandLine child : children) {
        CommandSpec of = child.getCommandSpec();
        page.entry(reference(of), text(of.usageMessage().description()));
      }
    }
  }

  private static void environment(RoffPage page) {
    page.section("ENVIRONMENT");
    for (Setting setting : Setting.values()) {
      page.entry(
          RoffPage.bold(setting.variable()),
          "%s Expected: %s; default: %s."
              .formatted(setting.meaning(), setting.expected(), setting.defaultValue()));
    }
    page.section("EXIT STATUS");
    page.entry("0", "Done.");
    page.entry("1", "Failed, or nothing was found.");
    page.entry("2", "The command line makes no sense.");
  }

  private static void seeAlso(
      RoffPage page, List<CommandSpec> parents, List<CommandLine> children) {
    List<String> pages = new ArrayList<>();
    parents.forEach(parent -> pages.add(reference(parent)));
    children.forEach(child -> pages.add(reference(child.getCommandSpec())));
    page.section("SEE ALSO");
    page.references(pages);
  }

  private static String tag(OptionSpec option) {
    String names =
        Arrays.stream(option.names()).map(RoffPage::bold).collect(Collectors.joining(", "));
    return option.arity().max() == 0 ? names : names + " " + RoffPage.italic(option.paramLabel());
  }

  private static String reference(CommandSpec spec) {
    return RoffPage.bold(pageName(spec)) + SECTION;
  }

  private static String pageName(CommandSpec spec) {
    return spec.qualifiedName("-");
  }

  /** The first part of the description, on one line: what apropos lists. */
  private static String summary(CommandSpec spec) {
    String description = text(spec.usageMessage().description());
    String first = description.split("[.:;](?=\\s|$)", 2)[0];
    return Character.toLowerCase(first.charAt(0)) + first.substring(1);
  }

  private static String synopsis(CommandSpec spec) {
    Help help = new Help(spec, Help.defaultColorScheme(Help.Ansi.OFF));
    String whole = help.synopsis(0).replaceAll("\\s+", " ").strip();
    return whole.substring(spec.qualifiedName().length()).strip();
  }

  private static String text(String... lines) {
    return String.join(" ", lines);
  }
}
