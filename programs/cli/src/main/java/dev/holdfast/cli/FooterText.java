package dev.holdfast.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * The footer of a help text. Sentences are wrapped to the width of the text; examples stay
 * unwrapped, so that they can be copied.
 *
 * <p>In the sources, and in the document generated from them, the footer's lines are longer than a
 * help text is wide. Wrapped one by one, each second line would have one word.
 */
final class FooterText {
  /** A shorter line ends its paragraph on purpose. */
  private static final int LEAST_OF_WRAPPED_LINE = 75;

  private FooterText() {}

  /** Has a command, and all below it, print its footer so. */
  static void of(CommandLine command) {
    command
        .getHelpSectionMap()
        .put(
            UsageMessageSpec.SECTION_KEY_FOOTER,
            help -> {
              UsageMessageSpec usage = help.commandSpec().usageMessage();
              return text(List.of(usage.footer()), usage.width());
            });
    command.getSubcommands().values().forEach(FooterText::of);
  }

  static String text(List<String> footer, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder sentences = new StringBuilder();
    for (String line : footer) {
      boolean verbatim = line.isEmpty() || line.contains("  ");
      if (verbatim) {
        flow(sentences, width, lines);
        lines.add(line);
        continue;
      }
      sentences.append(sentences.length() == 0 ? "" : " ").append(line);
      if (line.length() < LEAST_OF_WRAPPED_LINE) {
        flow(sentences, width, lines);
      }
    }
    flow(sentences, width, lines);
    return lines.isEmpty()
        ? ""
        : String.join(System.lineSeparator(), lines) + System.lineSeparator();
  }

  private static void flow(StringBuilder sentences, int width, List<String> lines) {
    StringBuilder line = new StringBuilder();
    for (String word : sentences.toString().split(" ", -1)) {
      // The last column stays free, as picocli has it.
      if (line.length() > 0 && line.length() + 1 + word.length() >= width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    if (line.length() > 0) {
      lines.add(line.toString());
    }
    sentences.setLength(0);
  }
}
