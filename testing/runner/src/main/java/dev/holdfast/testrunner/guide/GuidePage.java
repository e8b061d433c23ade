package dev.holdfast.testrunner.guide;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page that can be run. A comment at its beginning says so, and which programs it needs.
 *
 * @param needs programs that must be on the PATH
 */
record GuidePage(String name, Path file, List<String> needs, List<PageStep> steps) {
  private static final String EXTENSION = ".md";
  private static final Pattern MARK =
      Pattern.compile("<!-- Run by scripts/guide\\. Needs: ([a-z0-9 -]+)\\. -->");
  private static final Pattern SPACES = Pattern.compile(" +");

  GuidePage {
    needs = List.copyOf(needs);
    steps = List.copyOf(steps);
  }

  /**
   * The pages of a folder that can be run, by name.
   *
   * @throws IllegalArgumentException when a page can't be understood; its line is in the message
   */
  static List<GuidePage> all(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> listed = Files.list(folder)) {
      files = listed.filter(file -> file.toString().endsWith(EXTENSION)).sorted().toList();
    }
    List<GuidePage> pages = new ArrayList<>();
    for (Path file : files) {
      read(file).ifPresent(pages::add);
    }
    return pages;
  }

  /** The page in a file; empty when nothing marks it as one that can be run. */
  static Optional<GuidePage> read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    Optional<Matcher> mark = lines.stream().map(MARK::matcher).filter(Matcher::matches).findFirst();
    if (mark.isEmpty()) {
      return Optional.empty();
    }
    String fileName = String.valueOf(file.getFileName());
    return Optional.of(
        new GuidePage(
            fileName.substring(0, fileName.length() - EXTENSION.length()),
            file,
            Arrays.asList(SPACES.split(mark.get().group(1))),
            new PageParser(file, lines).steps()));
  }
}
