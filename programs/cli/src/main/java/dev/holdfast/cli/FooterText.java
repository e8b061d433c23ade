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
public final class FooterText {
  /** A shorter line ends its paragraph on purpose. */
  private static final int LEAST_OF_WRAPPED_LINE = 75;

  private FooterText() {}

  /**
   * A part of a footer.
   *
   * @param verbatim whether the text is one line that stays as it is; else it is a paragraph
   */
  public record Part(boolean verbatim, String text) {}

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
    for (Part part : parts(footer)) {
      if (part.verbatim()) {
        lines.add(part.text());
      } else {
        flow(part.text(), width, lines);
      }
    }
    return lines.isEmpty()
        ? ""
        : String.join(System.lineSeparator(), lines) + System.lineSeparator();
  }

  /** The paragraphs and verbatim lines of a footer, in their order. */
  public static List<Part> parts(List<String> footer) {
    List<Part> parts = new ArrayList<>();
    StringBuilder sentences = new StringBuilder();
    for (String line : footer) {
      boolean verbatim = line.isEmpty() || line.contains("  ");
      if (verbatim) {
        end(sentences, parts);
        parts.add(new Part(true, line));
        continue;
      }
      sentences.append(sentences.length() == 0 ? "" : " ").append(line);
      if (line.length() < LEAST_OF_WRAPPED_LINE) {
        end(sentences, parts);
      }
    }
    end(sentences, parts);
    return parts;
  }

  private static void end(StringBuilder sentences, List<Part> parts) {
    if (sentences.length() > 0) {
      parts.add(new Part(false, sentences.toString()));
      sentences.setLength(0);
    }
  }

  private static void flow(String sentences, int width, List<String> lines) {
    StringBuilder line = new StringBuilder();
    for (String word : sentences.split(" ", -1)) {
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
  }
}
