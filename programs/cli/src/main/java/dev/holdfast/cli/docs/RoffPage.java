package dev.holdfast.cli.docs;

import java.util.List;
import java.util.Locale;

/**
 * A builder of a manual page in the macros of {@code man(7)}, which groff and mandoc read. Escapes
 * every character that roff would interpret.
 */
final class RoffPage {
  private static final int LINE_WIDTH = 78;
  private static final int ASCII = 0x80;

  private final StringBuilder text = new StringBuilder();

  /** Whether a heading was the last line; no paragraph may be opened there. */
  private boolean atHeading;

  /**
   * Begins a page of section 1.
   *
   * @param date as in 2026-01-31
   */
  RoffPage(String name, String date, String source) {
    line(".\\\" Generated from the commands of the program. Changes belong there.");
    line(".TH %s 1 %s %s".formatted(word(name.toUpperCase(Locale.ROOT)), date, word(source)));
    // Options and examples are copied: no words are split, no gaps stretched.
    line(".nh");
    line(".ad l");
  }

  void section(String heading) {
    line(".SH " + word(heading));
    atHeading = true;
  }

  /** Adds a paragraph; {@code first} is text that is roff already, such as {@link #bold}. */
  void paragraph(String first, String sentences) {
    openParagraph();
    if (!first.isEmpty()) {
      line(first);
    }
    flow(sentences);
  }

  /** Adds an entry of a list; its tag is roff already. */
  void entry(String tag, String sentences) {
    line(".TP");
    line(tag);
    flow(sentences.isEmpty() ? "-" : sentences);
    atHeading = false;
  }

  /** Adds lines that stay as they are. */
  void example(List<String> lines) {
    openParagraph();
    line(".nf");
    lines.forEach(each -> line(guarded(escape(each))));
    line(".fi");
  }

  /** Adds references to other pages, separated by commas. */
  void references(List<String> pages) {
    openParagraph();
    for (int i = 0; i < pages.size(); i++) {
      line(pages.get(i) + (i + 1 < pages.size() ? "," : ""));
    }
  }

  /** The text in bold, as roff. */
  static String bold(String text) {
    return "\\fB" + escape(text) + "\\fR";
  }

  /** The text in italics, as roff, for what a user replaces. */
  static String italic(String text) {
    return "\\fI" + escape(text) + "\\fR";
  }

  static String escape(String text) {
    StringBuilder escaped = new StringBuilder();
    text.codePoints().forEach(c -> append(escaped, c));
    return escaped.toString();
  }

  private static void append(StringBuilder escaped, int c) {
    switch (c) {
      case '\\' -> escaped.append("\\e");
      case '-' -> escaped.append("\\-");
      case '\'' -> escaped.append("\\(aq");
      case '`' -> escaped.append("\\(ga");
      case '^' -> escaped.append("\\(ha");
      case '~' -> escaped.append("\\(ti");
      case '"' -> escaped.append("\\(dq");
      default -> {
        if (c < ASCII) {
          escaped.append((char) c);
        } else {
          escaped.append("\\[u%04X]".formatted(c));
        }
      }
    }
  }

  /** An argument of a macro. */
  private static String word(String text) {
    return '"' + escape(text) + '"';
  }

  /** A line that begins with a dot would be a macro. */
  private static String guarded(String line) {
    return line.startsWith(".") ? "\\&" + line : line;
  }

  private void openParagraph() {
    if (!atHeading) {
      line(".PP");
    }
    atHeading = false;
  }

  private void flow(String sentences) {
    StringBuilder line = new StringBuilder();
    for (String word : escape(sentences.strip()).split("\\s+", -1)) {
      if (line.length() > 0 && line.length() + 1 + word.length() > LINE_WIDTH) {
        line(guarded(line.toString()));
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    line(guarded(line.toString()));
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
