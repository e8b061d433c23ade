package dev.holdfast.cli.house;

import dev.holdfast.cli.house.SourceTree.File;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The table of status texts in CHANGELOG.md, compared with the string literals of the code. */
final class StatusTexts {
  private static final String PAGE = "CHANGELOG.md";
  private static final Pattern TABLE =
      Pattern.compile("(?m)^### Status texts\n(.*?)^### ", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern ROW = Pattern.compile("(?m)^\\|(.*?)\\|(.*?)\\|(.*)\\|$");
  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
  private static final Pattern SENT =
      Pattern.compile("withDescription\\(\\s*(\"(?:[^\"\\\\]|\\\\.)*\")");
  private static final Pattern PLACES = Pattern.compile("%[sd]|\\.\\.\\.");

  /** Rooms whose statuses clients of a service see; those of registry clients stay inside. */
  private static final Pattern SENDERS =
      Pattern.compile("(libraries/(admin|grpc|inprocess|streams)|programs/control)/.*");

  /** Parts of a text that are too short to be looked for. */
  private static final int SHORT = 6;

  private StatusTexts() {}

  /** Texts of the table that no code has, and texts of the code that the table lacks. */
  static List<String> differences(List<File> files) {
    List<String> found = new ArrayList<>();
    Set<String> listed = new HashSet<>();
    for (File page : files) {
      Matcher table = TABLE.matcher(page.text());
      if (page.path().equals(PAGE) && table.find()) {
        Matcher row = ROW.matcher(table.group(1));
        while (row.find()) {
          check(files, row.group(1), row.group(3), listed, found);
        }
      }
    }
    if (files.stream().anyMatch(file -> file.path().equals(PAGE))) {
      found.addAll(unlisted(files, listed));
    }
    return found;
  }

  private static void check(
      List<File> files, String rooms, String texts, Set<String> listed, List<String> found) {
    String literals =
        files.stream()
            .filter(File::isMainJava)
            .filter(file -> isOf(rooms, file))
            .map(File::text)
            .collect(Collectors.joining("\n"));
    QUOTED
        .matcher(texts)
        .results()
        .map(text -> text.group(1))
        .forEach(
            text -> {
              for (String part : PLACES.split(text, -1)) {
                listed.add(part);
                if (part.strip().length() >= SHORT && !literals.contains(part.strip())) {
                  found.add(PAGE + ": " + text + " (expected: a text of" + rooms + ")");
                }
              }
            });
  }

  private static boolean isOf(String rooms, File file) {
    return QUOTED
        .matcher(rooms)
        .results()
        .anyMatch(room -> file.path().contains("/" + room.group(1) + "/"));
  }

  private static List<String> unlisted(List<File> files, Set<String> listed) {
    List<String> found = new ArrayList<>();
    for (File file : files) {
      Matcher sent = SENT.matcher(SENDERS.matcher(file.path()).matches() ? file.text() : "");
      while (file.isMainJava() && sent.find()) {
        String text = sent.group(1).substring(1, sent.group(1).length() - 1);
        for (String part : PLACES.split(text, -1)) {
          if (part.strip().length() >= SHORT
              && listed.stream().noneMatch(each -> isBeginning(each.strip(), part.strip()))) {
            found.add(file.path() + ": " + text + " (expected: a row of " + PAGE + ")");
          }
        }
      }
    }
    return found;
  }

  private static boolean isBeginning(String listed, String text) {
    return listed.startsWith(text) || (listed.length() >= SHORT && text.startsWith(listed));
  }
}
