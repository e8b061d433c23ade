package dev.holdfast.testrunner.guide;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parser of a page in Markdown. A fenced block with a title is a file; a block {@code console}
 * is what is typed and printed in a terminal, whose name is the title. A block of any other kind
 * would be left out in silence and is an error, except {@code text}, which nobody can type.
 *
 * <p>In a block {@code console} a line that begins with a dollar sign is a command, to which the
 * next line belongs as well after a backslash. {@code ^C} is Ctrl-C. All other lines are output;
 * three dots at the end of a command's output, or Ctrl-C behind it, say that the command stays
 * running.
 */
final class PageParser {
  private static final Pattern OPENING =
      Pattern.compile("```([a-z0-9+-]*)(?: title=\"([^\"]+)\")?");
  private static final String FENCE = "```";
  private static final String PROMPT = "$ ";
  private static final String INTERRUPT = "^C";
  private static final String FIRST_TERMINAL = "terminal 1";

  private final Path file;
  private final List<String> lines;
  private final List<PageStep> steps = new ArrayList<>();

  /** Terminals in which a command was typed. */
  private final Set<String> used = new TreeSet<>();

  private int at;

  PageParser(Path file, List<String> lines) {
    this.file = file;
    this.lines = List.copyOf(lines);
  }

  /**
   * The steps of the page, in its order.
   *
   * @throws IllegalArgumentException when there is none, or a block can't be understood
   */
  List<PageStep> steps() {
    while (at < lines.size()) {
      String line = lines.get(at);
      if (line.stripLeading().startsWith(FENCE)) {
        block(line);
      } else {
        at++;
      }
    }
    if (used.isEmpty()) {
      throw mistake(1, "no command (expected: a block console with one)");
    }
    return List.copyOf(steps);
  }

  private void block(String opening) {
    int first = at + 1;
    Matcher info = OPENING.matcher(opening);
    if (!info.matches()) {
      throw mistake(
          first, opening + " (expected: ```LANGUAGE title=\"...\" at the line's beginning)");
    }
    List<String> block = body(first);
    String language = info.group(1);
    String title = info.group(2);
    if (language.equals("console")) {
      console(first + 1, title == null ? FIRST_TERMINAL : title, block);
    } else if (title != null) {
      steps.add(new PageStep.WriteFile(first, path(first, title), text(block)));
    } else if (!language.equals("text")) {
      throw mistake(first, opening + " (expected: a title, console or text)");
    }
  }

  /** The lines up to the end of a block; leaves the parser behind it. */
  private List<String> body(int opening) {
    List<String> body = new ArrayList<>();
    for (at++; at < lines.size(); at++) {
      String line = lines.get(at);
      if (line.equals(FENCE)) {
        at++;
        return body;
      }
      body.add(line);
    }
    throw mistake(opening, "block without an end (expected: ```)");
  }

  private String path(int line, String title) {
    Path path = Path.of(title);
    if (path.isAbsolute() || path.normalize().startsWith("..") || !path.equals(path.normalize())) {
      throw mistake(line, "title: " + title + " (expected: a file below the folder of the page)");
    }
    return title;
  }

  private static String text(List<String> block) {
    return String.join("\n", block) + "\n";
  }

  private void console(int first, String terminal, List<String> block) {
    int i = 0;
    while (i < block.size()) {
      String line = block.get(i);
      int number = first + i;
      if (line.equals(INTERRUPT)) {
        requireUsed(number, terminal);
        steps.add(new PageStep.PressInterrupt(number, terminal));
        i++;
      } else if (line.startsWith(PROMPT)) {
        int end = endOfCommand(block, i);
        String command = String.join("\n", block.subList(i, end)).substring(PROMPT.length());
        int endOfOutput = endOfOutput(block, end);
        List<OutputLine> output = output(first, block, end, endOfOutput);
        steps.add(
            new PageStep.TypeCommand(
                number, terminal, command, output, staysRunning(block, endOfOutput)));
        used.add(terminal);
        i = endOfOutput;
      } else {
        requireUsed(number, terminal);
        int endOfOutput = endOfOutput(block, i);
        List<OutputLine> output = output(first, block, i, endOfOutput);
        steps.add(
            new PageStep.AwaitOutput(number, terminal, output, staysRunning(block, endOfOutput)));
        i = endOfOutput;
      }
    }
  }

  private void requireUsed(int line, String terminal) {
    if (!used.contains(terminal)) {
      throw mistake(line, terminal + ": no command before (expected: $ and a command)");
    }
  }

  private static int endOfCommand(List<String> block, int start) {
    int end = start;
    while (end < block.size() && block.get(end).endsWith("\\")) {
      end++;
    }
    return Math.min(end + 1, block.size());
  }

  private static int endOfOutput(List<String> block, int start) {
    int end = start;
    while (end < block.size()
        && !block.get(end).startsWith(PROMPT)
        && !block.get(end).equals(INTERRUPT)) {
      end++;
    }
    return end;
  }

  private static List<OutputLine> output(int first, List<String> block, int start, int end) {
    List<OutputLine> output = new ArrayList<>();
    for (int i = start; i < end; i++) {
      String line = block.get(i).stripTrailing();
      if (!line.isEmpty()) {
        output.add(new OutputLine(first + i, line));
      }
    }
    return List.copyOf(output);
  }

  private static boolean staysRunning(List<String> block, int endOfOutput) {
    boolean interrupted = endOfOutput < block.size() && block.get(endOfOutput).equals(INTERRUPT);
    return interrupted || block.get(endOfOutput - 1).strip().equals(OutputLine.DOTS);
  }

  private IllegalArgumentException mistake(int line, String message) {
    return new IllegalArgumentException(file + ":" + line + ": " + message);
  }
}
